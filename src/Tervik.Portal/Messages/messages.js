// Keeps an open thread or inbox up to date: a stream says that there is something new, and the page is asked for again, by the same way as without a script.
const live = document.querySelector('[data-live]');
const said = live.querySelector('[data-said]');
let busy = false, again = false;

const isWriting = () => [...live.querySelectorAll('textarea, input[type=text], input[type=file]')].some(field => field.value.trim() !== field.defaultValue.trim());

async function refresh(tell) {
  if (busy) { again = true; return; }
  busy = true;
  try {
    const answer = await fetch(location.pathname + location.search, { headers: { Accept: 'text/html' } });
    if (answer.redirected || !answer.ok) return leave();
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
    let isChanged = false;
    for (const part of live.querySelectorAll('[data-fresh]')) {
      const next = fresh.getElementById(part.id);
      // What is the same stays, with the focus that may be in it; the tokens of forms are no change.
      if (!next || bare(part) === bare(next)) continue;
      const focused = part.contains(document.activeElement) ? document.activeElement.getAttribute('href') : null;
      part.replaceChildren(...[...next.childNodes].map(node => document.importNode(node, true)));
      if (focused) [...part.querySelectorAll('a')].find(link => link.getAttribute('href') === focused)?.focus();
      isChanged = true;
    }
    const count = fresh.querySelector('[data-count]'), shown = document.querySelector('[data-count]');
    if (count && shown) shown.replaceChildren(...[...count.childNodes].map(node => document.importNode(node, true)));
    if (isChanged && tell) { said.textContent = ''; said.textContent = said.dataset.said; }
    await markRead();
  } catch { /* No network: the stream comes back by itself, and says so. */ } finally {
    busy = false;
    if (again) { again = false; refresh(tell); }
  }
}

// The text and the addresses of a part, without what differs each time.
const bare = part => part.textContent + [...part.querySelectorAll('a, form')].map(one => one.getAttribute('href') ?? one.getAttribute('action')).join(' ');

// Whoever looks at the page has read it; a page in the background waits.
async function markRead() {
  const form = live.querySelector('form[data-read]');
  if (!form || document.visibilityState !== 'visible' || form.dataset.sent) return;
  form.dataset.sent = 'true';
  try { await fetch(form.action, { method: 'POST', body: new URLSearchParams(new FormData(form)), redirect: 'manual' }); } catch { delete form.dataset.sent; }
}

// Signed out, or no longer to be seen: what was typed is not thrown away; sending it leads on.
function leave() { source.close(); if (!isWriting()) location.reload(); }

const source = new EventSource(live.dataset.live);
// As the page was when it was written, where it says so.
let state = live.dataset.state ?? null;
// The first thing it says after each beginning: what was missed meanwhile, also between the page and the stream, is fetched.
source.addEventListener('state', event => { if (state !== event.data) refresh(state !== null); state = event.data; });
source.addEventListener('news', event => { state = event.data; refresh(true); });
source.addEventListener('over', leave);
document.addEventListener('visibilitychange', markRead);
addEventListener('pagehide', () => source.close());
addEventListener('pageshow', event => { if (event.persisted) location.reload(); });
markRead();
