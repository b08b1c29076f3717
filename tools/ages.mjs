// What the package sources say of the components in a bill of materials: versions with their days, and known vulnerabilities.
// node tools/ages.mjs SEEN < bom.json > facts.json     SEEN remembers when a version was seen first, for sources that tell no days.
// Ends with 2 when a source cannot be asked at all. `tervik bom --ages facts.json` judges what it found.
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile), large = { maxBuffer: 64 << 20 };
const [seenFile] = process.argv.slice(2);
const today = new Date().toISOString().slice(0, 10);
const unknown = [];

const give = words => { console.error(words); process.exit(2); };
const day = text => text && !text.startsWith('1900') ? text.slice(0, 10) : null; // 1900: not listed any more
const get = async address => JSON.parse((await run('curl', ['-fsSL', '--compressed', '--max-time', '60', address], large)).stdout);

/** The index of the first source of NuGet that is on. */
async function nugetSource() {
  const address = process.env.TERVIK_NUGET_SOURCE ?? (await run('dotnet', ['nuget', 'list', 'source', '--format', 'short'])).stdout.split('\n').map(line => /^E\s+(https?:\S+)/.exec(line)?.[1]).find(Boolean);
  if (!address) give('No source of NuGet is configured (dotnet nuget list source).');
  const index = await get(address).catch(fault => give(`The source of NuGet (${address}) does not answer: ${fault.stderr?.trim() || fault.message}`));
  const registrations = index.resources.filter(one => one['@type'].startsWith('RegistrationsBaseUrl')).at(-1)?.['@id'];
  if (!registrations) give(`The source of NuGet (${address}) tells no versions (RegistrationsBaseUrl).`);
  if (!index.resources.some(one => one['@type'].startsWith('VulnerabilityInfo'))) unknown.push({ what: 'vulnerabilities', words: 'The source of NuGet publishes no known vulnerabilities.' });
  return registrations.endsWith('/') ? registrations : `${registrations}/`;
}

const severities = ['low', 'moderate', 'high', 'critical'];

async function nuget(component, registrations) {
  const index = await get(`${registrations}${component.name.toLowerCase()}/index.json`).catch(() => null);
  if (!index) return { ...component, versions: [], vulnerabilities: [], untold: true };
  const pages = await Promise.all(index.items.map(page => page.items ? page : get(page['@id'])));
  const entries = pages.flatMap(page => page.items).map(item => item.catalogEntry);
  const own = entries.find(entry => entry.version.split('+')[0].toLowerCase() === component.version.toLowerCase());
  return {
    ...component,
    versions: entries.filter(entry => entry.listed !== false).map(entry => ({ version: entry.version.split('+')[0], published: day(entry.published) })),
    vulnerabilities: (own?.vulnerabilities ?? []).map(one => ({ id: one.advisoryUrl, severity: severities[one.severity] ?? one.severity, published: null })),
  };
}

async function npm(component, audit) {
  const { stdout } = await run('npm', ['view', component.name, 'time', '--json'], large).catch(fault => give(`The source of npm does not answer about ${component.name}: ${fault.stderr?.trim().split('\n')[0] || fault.message}`));
  const found = audit?.vulnerabilities?.[component.name]?.via ?? [];
  return {
    ...component,
    versions: Object.entries(JSON.parse(stdout)).filter(([version]) => /^\d/.test(version)).map(([version, time]) => ({ version, published: day(time) })),
    vulnerabilities: found.filter(one => typeof one === 'object').map(one => ({ id: one.url, severity: one.severity, published: null })),
  };
}

/** Releases of .NET, of the line the program runs on. */
async function dotnet(component) {
  const line = component.version.split('.').slice(0, 2).join('.');
  const releases = await get(process.env.TERVIK_DOTNET_RELEASES ?? `https://builds.dotnet.microsoft.com/dotnet/release-metadata/${line}/releases.json`).catch(() => null);
  if (!releases) unknown.push({ what: 'versions', words: 'The releases of .NET could not be asked for.' });
  return { ...component, versions: (releases?.releases ?? []).map(one => ({ version: one['release-version'], published: day(one['release-date']) })), vulnerabilities: [], untold: !releases };
}

const components = JSON.parse(readFileSync(0, 'utf8')).components
  .map(one => ({ kind: /^pkg:([a-z]+)\//.exec(one.purl)[1], name: one.name, version: one.version }));
const registrations = await nugetSource();
const audit = await run('npm', ['audit', '--omit=dev', '--json'], large).then(found => JSON.parse(found.stdout), fault => { try { return JSON.parse(fault.stdout); } catch { return null; } });
if (!audit?.vulnerabilities) unknown.push({ what: 'vulnerabilities', words: 'The source of npm publishes no known vulnerabilities.' });
const facts = [];
for (let at = 0; at < components.length; at += 8)
  facts.push(...await Promise.all(components.slice(at, at + 8).map(one => one.kind === 'nuget' ? nuget(one, registrations) : one.kind === 'npm' ? npm(one, audit) : dotnet(one))));

let seen = {};
try { seen = JSON.parse(readFileSync(seenFile, 'utf8')); } catch { /* the first time */ }
for (const one of facts)
  for (const version of one.versions.filter(version => !version.published)) version.seen = seen[`${one.kind}/${one.name}@${version.version}`] ??= today;
if (seenFile) writeFileSync(seenFile, JSON.stringify(seen));
process.stdout.write(JSON.stringify({ unknown, components: facts }));
