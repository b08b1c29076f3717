// node fhirclient.mjs BASE TOKEN: the SMART JS client as a backend uses it. Prints "ok" or fails.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

const FHIR = createRequire(import.meta.url)('fhirclient');
const [serverUrl, accessToken] = process.argv.slice(2);
const client = FHIR({ headers: {}, url: '/' }, { setHeader() {} }).client({ serverUrl, tokenResponse: { access_token: accessToken } });

assert.equal(await client.getFhirRelease(), 4);
const patient = await client.create({ resourceType: 'Patient', name: [{ family: 'Smart' }] });
assert.equal(patient.meta.versionId, '1');
assert.equal((await client.update({ ...patient, active: true })).active, true);

const answer = await client.request({ url: '', method: 'POST', headers: { 'content-type': 'application/fhir+json' }, body: JSON.stringify({ resourceType: 'Bundle', type: 'transaction',
  entry: Array.from({ length: 23 }, () => ({ request: { method: 'POST', url: 'Observation' }, resource: { resourceType: 'Observation', status: 'final', code: { text: 'x' }, subject: { reference: `Patient/${patient.id}` } } })) }) });
assert.equal(answer.entry.length, 23);

// All pages as one list, with what the references point to.
const observations = await client.request(`Observation?patient=${patient.id}&_count=10`, { pageLimit: 0, flat: true });
assert.equal(observations.length, 23);
const first = await client.request(`Observation/${observations[0].id}`, { resolveReferences: 'subject' });
assert.equal(first.subject.name[0].family, 'Smart');
const bundle = await client.request(`Observation?patient=${patient.id}&_include=Observation:subject&_count=5`);
assert.equal(bundle.entry.filter(one => one.search.mode === 'include').length, 1);

const patched = await client.patch(`Observation/${observations[0].id}`, [{ op: 'replace', path: '/status', value: 'amended' }]);
assert.equal(patched.status, 'amended');
await client.delete(`Observation/${observations[0].id}`);
await assert.rejects(client.request(`Observation/${observations[0].id}`), /410|Gone/);
console.log('ok');
