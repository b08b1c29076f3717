// Checks in the reader's own browser that the accesses on the page are in the sealed log, and that the log goes on from what this browser saw the last time.
const panel = document.querySelector('[data-seal]'), button = panel.querySelector('button'), said = panel.querySelector('[role=status]');
const Memory = 'tervik-seal';
const bytes = text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
const join = (...parts) => { const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0)); let at = 0; for (const part of parts) { all.set(part, at); at += part.length; } return all; };
const same = (one, other) => one.length === other.length && one.every((value, i) => value === other[i]);
const sha = async data => new Uint8Array(await crypto.subtle.digest('SHA-256', data));
const node = (left, right) => sha(join(Uint8Array.of(1), left, right));
const text = new TextEncoder();

/** A C2SP checkpoint: what is signed, its size, its root, its signatures. */
function read(note) {
  const end = note.lastIndexOf('\n\n') + 1, [origin, size, root] = note.split('\n');
  return { origin, size: Number(size), root: bytes(root), text: note.slice(0, end), signatures: note.slice(end + 1).trimEnd().split('\n').map(line => line.split(' ')) };
}

/** Whether the key signed it; null where this browser cannot tell. */
async function isSigned(checkpoint, key) {
  const [name] = key.split('+', 1), kindAndKey = bytes(key.split('+').slice(2).join('+'));
  const line = checkpoint.signatures.find(([, signer]) => signer === name);
  if (!line || checkpoint.origin !== name) return false;
  let its;
  try { its = await crypto.subtle.importKey('raw', kindAndKey.slice(1), 'Ed25519', false, ['verify']); } catch { return null; }
  return crypto.subtle.verify('Ed25519', its, bytes(line[2]).slice(4), text.encode(checkpoint.text));
}

/** Division that stays exact beyond 32 bits. */
const half = number => Math.floor(number / 2);

/** RFC 9162, 2.1.3.2. */
async function isIncluded(leaf, size, hash, path, root) {
  let [at, last] = [leaf, size - 1];
  for (const other of path) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      hash = await node(other, hash);
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else hash = await node(hash, other);
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && same(hash, root);
}

/** RFC 9162, 2.1.4.2. */
async function goesOn(old, size, oldRoot, root, path) {
  if (old === size) return same(oldRoot, root);
  if (old > size) return false;
  let [at, last, parts] = [old - 1, size - 1, [...path]];
  while (at % 2 === 1) [at, last] = [half(at), half(last)];
  if (at === 0) parts = [oldRoot, ...path];
  let [older, newer] = [parts[0], parts[0]];
  if (!newer) return false;
  for (const other of parts.slice(1)) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      [older, newer] = [await node(other, older), await node(other, newer)];
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else newer = await node(newer, other);
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && same(older, oldRoot) && same(newer, root);
}

async function isSealed(access, checkpoint) {
  if (JSON.parse(access.items[0].text)[1] !== access.event) return false;
  const items = await Promise.all(access.items.map(item => item.text === undefined ? bytes(item.hash) : sha(join(bytes(item.salt), text.encode(item.text)))));
  const leaf = await sha(join(Uint8Array.of(0), await sha(join(...items))));
  return isIncluded(access.leaf, checkpoint.size, leaf, access.path.map(bytes), checkpoint.root);
}

function remembered() { try { return JSON.parse(localStorage.getItem(Memory)); } catch { return null; } }

async function check() {
  const before = remembered();
  const answer = await fetch(`${panel.dataset.seal}&known=${before?.size ?? 0}`);
  if (!answer.ok) return panel.dataset.failed;
  const proof = await answer.json(), start = performance.now();
  if (!proof.checkpoint) return panel.dataset.none;
  const checkpoint = read(proof.checkpoint), signed = await isSigned(checkpoint, proof.key);
  const sealed = proof.accesses.filter(access => access.leaf !== undefined);
  let whole = signed !== false;
  for (const access of sealed) whole &&= await isSealed(access, checkpoint);
  if (before) whole &&= before.key === proof.key && await goesOn(before.size, checkpoint.size, bytes(before.root), checkpoint.root, proof.consistency.map(bytes));
  panel.dataset.ms = (performance.now() - start).toFixed(1);
  if (!whole) return panel.dataset.wrong;
  try { localStorage.setItem(Memory, JSON.stringify({ key: proof.key, size: checkpoint.size, root: btoa(String.fromCharCode(...checkpoint.root)) })); } catch { /* Then the next time is like the first. */ }
  const words = [panel.dataset.ok, before ? panel.dataset.goesOn : '', proof.accesses.length > sealed.length ? panel.dataset.later : ''].filter(Boolean).join(' ');
  return words.replace('{0}', sealed.length).replace('{1}', checkpoint.size).replace('{2}', proof.accesses.length - sealed.length);
}

if (globalThis.crypto?.subtle) button.hidden = false;
button.addEventListener('click', async () => {
  button.disabled = true;
  said.textContent = panel.dataset.checking;
  try { said.textContent = await check(); } catch { said.textContent = panel.dataset.failed; }
  panel.dataset.state = said.textContent === panel.dataset.wrong ? 'wrong' : 'checked';
  button.disabled = false;
});
