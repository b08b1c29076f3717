// node fhir-kit-client.mjs BASE TOKEN: create, search with includes and pages, transaction, patch. Prints "ok" or fails.
import assert from 'node:assert/strict';
import { Client } from 'fhir-kit-client';

const [baseUrl, token] = process.argv.slice(2);
const client = new Client({ baseUrl, bearerToken: token });

const capabilities = await client.capabilityStatement();
assert.equal(capabilities.fhirVersion, '4.0.1');

const patient = await client.create({ resourceType: 'Patient', body: { resourceType: 'Patient', name: [{ family: 'Kit' }] } });
assert.equal(patient.meta.versionId, '1');
assert.equal((await client.read({ resourceType: 'Patient', id: patient.id })).name[0].family, 'Kit');
const updated = await client.update({ resourceType: 'Patient', id: patient.id, body: { ...patient, active: true } });
assert.equal(updated.meta.versionId, '2');
assert.equal((await client.vread({ resourceType: 'Patient', id: patient.id, version: '1' })).active, undefined);

const entry = (method, url, resource, fullUrl) => ({ fullUrl, resource, request: { method, url } });
const observation = { resourceType: 'Observation', status: 'final', code: { text: 'x' }, subject: { reference: 'urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0b' } };
const answer = await client.transaction({ body: { resourceType: 'Bundle', type: 'transaction', entry: [
  ...Array.from({ length: 25 }, () => entry('POST', 'Observation', observation)),
  entry('POST', 'Patient', { resourceType: 'Patient', name: [{ family: 'Kit' }] }, 'urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0b'),
] } });
assert.equal(answer.entry.length, 26);
assert.ok(answer.entry.every(one => one.response.status.startsWith('201')));
const subject = answer.entry[25].response.location.match(/Patient\/([^/]+)/)[1];

const seen = new Set();
let included = 0;
for (let bundle = await client.search({ resourceType: 'Observation', searchParams: { subject: `Patient/${subject}`, _include: 'Observation:subject', _count: 10 } }); bundle; bundle = await client.nextPage({ bundle }))
  for (const one of bundle.entry ?? [])
    if (one.search.mode === 'match') seen.add(one.resource.id);
    else included++;
assert.equal(seen.size, 25);
assert.equal(included, 3);

const id = [...seen][0];
const patched = await client.patch({ resourceType: 'Observation', id, jsonPatch: [{ op: 'replace', path: '/status', value: 'amended' }] });
assert.equal(patched.status, 'amended');
const batch = await client.batch({ body: { resourceType: 'Bundle', type: 'batch', entry: [entry('GET', `Observation/${id}`), entry('GET', 'Patient/not-there')] } });
assert.deepEqual(batch.entry.map(one => one.response.status.slice(0, 3)), ['200', '404']);
assert.equal((await client.history({ resourceType: 'Observation', id })).entry.length, 2);
await client.delete({ resourceType: 'Observation', id });
await assert.rejects(client.read({ resourceType: 'Observation', id }), error => error.response.status === 410);
console.log('ok');
