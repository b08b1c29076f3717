#!/usr/bin/env node
// Checks a node's sealed log of accesses from outside, with nothing of Tervik in it: C2SP tlog-checkpoint, signed-note and tlog-tiles, RFC 9162.
//   node tools/verify-log.mjs ADDRESS KEY [--since CHECKPOINT-FILE] [--save CHECKPOINT-FILE] [--proof FILE]
// ADDRESS: https://node.example/access-log   KEY: name+hash+key, from a place other than the node itself.
// --since: a head saved before; the log must begin with it.   --save: keeps the newest head.   --proof: accesses that a patient saved.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

const Hash = 32, Width = 256;
const sha = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
const leafHash = data => sha(Uint8Array.of(0), data);
const node = (left, right) => sha(Uint8Array.of(1), left, right);
const findings = [];
const find = what => findings.push(what);
const usage = () => { console.error('node tools/verify-log.mjs ADDRESS KEY [--since FILE] [--save FILE] [--proof FILE]'); process.exit(64); };

const options = { address: process.argv[2], key: process.argv[3] };
for (let i = 4; i < process.argv.length; i += 2) {
  if (!['--since', '--save', '--proof'].includes(process.argv[i]) || !process.argv[i + 1]) usage();
  options[process.argv[i].slice(2)] = process.argv[i + 1];
}
if (!options.address || !options.key) usage();

function readKey(text) {
  const [name, hash, ...rest] = text.trim().split('+'), bytes = Buffer.from(rest.join('+'), 'base64');
  if (bytes[0] !== 1 || bytes.length !== 33) throw new Error(`${text} is no Ed25519 key of a log`);
  if (sha(`${name}\n`, bytes).subarray(0, 4).toString('hex') !== hash) throw new Error(`the hash of the key ${name} is wrong`);
  const key = createPublicKey({ key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), bytes.subarray(1)]), format: 'der', type: 'spki' });
  return { name, hash, key };
}

function readCheckpoint(note, key, where) {
  const end = note.lastIndexOf('\n\n') + 1, text = note.slice(0, end), [origin, size, root] = text.split('\n');
  if (end === 0 || !/^\d+$/.test(size) || Buffer.from(root, 'base64').length !== Hash) throw new Error(`${where} is no checkpoint`);
  if (origin !== key.name) throw new Error(`${where} is of the log ${origin}, not of ${key.name}`);
  const isSigned = note.slice(end + 1).trimEnd().split('\n').some(line => {
    const [dash, name, value] = line.split(' '), bytes = Buffer.from(value ?? '', 'base64');
    return dash === '—' && name === key.name && bytes.subarray(0, 4).toString('hex') === key.hash && verify(null, Buffer.from(text), key.key, bytes.subarray(4));
  });
  if (!isSigned) throw new Error(`${where} is not signed by ${key.name}`);
  return { size: Number(size), root: Buffer.from(root, 'base64') };
}

async function get(path) {
  const answer = await fetch(`${options.address.replace(/\/$/, '')}/${path}`);
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
}

/** 1234067 is x001/x234/067; a tile that is not full has its width behind it. */
function tilePath(level, number, width) {
  const digits = String(number).padStart(Math.ceil(String(number).length / 3) * 3, '0').match(/.../g);
  return `tile/${level}/${digits.map((three, i) => (i < digits.length - 1 ? `x${three}` : three)).join('/')}${width < Width ? `.p/${width}` : ''}`;
}

/** Perfect subtrees from the left; the root of what was entered so far. */
class Frontier {
  parts = [];
  size = 0;
  enter(hash, rolled) {
    let height = 0;
    for (; this.parts.length && this.parts.at(-1).height === height; height++) {
      hash = node(this.parts.pop().hash, hash);
      if (height % 8 === 7) rolled?.((height + 1) / 8, hash);
    }
    this.parts.push({ height, hash });
    this.size++;
  }
  get root() { return this.parts.length ? this.parts.map(part => part.hash).reduceRight((right, left) => node(left, right)) : sha(''); }
}

async function checkTree(head, since) {
  const frontier = new Frontier(), levels = [[]];
  if (since?.size === 0) since = null;
  for (let number = 0; number * Width < head.size; number++) {
    const width = Math.min(Width, head.size - number * Width);
    const [tile, entries] = await Promise.all([get(tilePath(0, number, width)), get(tilePath('entries', number, width))]);
    if (tile.length !== width * Hash) find(`tile ${number} has ${tile.length} bytes, not ${width * Hash}`);
    for (let i = 0, at = 0; i < width; i++) {
      const hash = tile.subarray(i * Hash, (i + 1) * Hash), length = at + 2 <= entries.length ? entries.readUInt16BE(at) : 0;
      if (!leafHash(entries.subarray(at + 2, at + 2 + length)).equals(hash)) find(`entry ${number * Width + i} is not what was sealed`);
      at += 2 + length;
      levels[0].push(hash);
      frontier.enter(hash, (level, root) => (levels[level] ??= []).push(root));
      if (since?.size === frontier.size && !frontier.root.equals(since.root)) find(`the first ${since.size} entries are not those of the head that was saved: history was rewritten`);
    }
  }
  if (!frontier.root.equals(head.root)) find('the head was signed over other entries than the log gives out');
  for (let level = 1; level < levels.length; level++)
    for (let number = 0; number * Width < levels[level].length; number++) {
      const should = Buffer.concat(levels[level].slice(number * Width, (number + 1) * Width));
      if (!(await get(tilePath(level, number, should.length / Hash))).equals(should)) find(`tile ${number} of level ${level} does not follow from the tiles below it`);
    }
  return levels[0];
}

/** Accesses that a patient saved: each must be, as it says, a leaf of the log. */
function checkProof(proof, leaves) {
  let later = 0;
  for (const access of proof.accesses) {
    if (access.leaf === undefined) { later++; continue; }
    const items = access.items.map(item => (item.text === undefined ? Buffer.from(item.hash, 'base64') : sha(Buffer.from(item.salt, 'base64'), item.text)));
    if (JSON.parse(access.items[0].text)[1] !== access.event || !leaves[access.leaf]?.equals(leafHash(sha(...items)))) find(`access ${access.event} is not in the log as it was saved`);
  }
  return { checked: proof.accesses.length - later, later };
}

try {
  const key = readKey(options.key);
  const since = options.since ? readCheckpoint(readFileSync(options.since, 'utf8'), key, options.since) : null;
  const note = (await get('checkpoint')).toString('utf8'), head = readCheckpoint(note, key, 'the newest head');
  if (since && since.size > head.size) find(`the saved head is of ${since.size} entries, the log has ${head.size}: it was set back`);
  const leaves = await checkTree(head, since);
  const proof = options.proof ? checkProof(JSON.parse(readFileSync(options.proof, 'utf8')), leaves) : null;
  console.log(`${head.size} entries, root ${head.root.toString('base64')}${since ? `, going on from ${since.size}` : ''}${proof ? `, ${proof.checked} accesses proven, ${proof.later} not sealed yet` : ''}, ${findings.length} findings`);
  for (const one of findings.slice(0, 100)) console.log(`  ${one}`);
  if (findings.length === 0 && options.save) writeFileSync(options.save, note);
  process.exitCode = findings.length === 0 ? 0 : 3;
} catch (fault) {
  console.error(fault.message);
  process.exitCode = 3;
}
