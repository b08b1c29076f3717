// Tells when the session is about to end, and lets it be kept with one key. All tabs share the time: who works in one is not warned in another.
const dialog = document.getElementById('session');
// Whoever is told that the session has ended must find that it has.
const MarginMs = 500;
const Shared = 'tervik-session-ends', MostWarningMs = 120_000;
const { seconds, field, token } = dialog.dataset;
const warningMs = Math.min(MostWarningMs, Number(seconds) * 500);
const left = dialog.querySelector('[role=timer]'), parts = [...dialog.querySelectorAll('[data-part]')];
// A form that came back unsaved holds what was typed before this page.
let endsAt = 0, typedIn = document.querySelector('[data-unsaved]')?.form ?? null, isOver = false;

const show = name => { for (const part of parts) part.hidden = part.dataset.part !== name; };
const set = (ms, tell = true) => {
  endsAt = ms;
  if (tell) try { localStorage.setItem(Shared, String(ms)); } catch { /* Without storage each tab has its own time. */ }
  if (dialog.open && !isOver) dialog.close();
};

async function stay() {
  try {
    const answer = await fetch('/session/extend', { method: 'POST', body: new URLSearchParams({ [field]: token }) });
    if (answer.ok) set(Date.now() + Number(await answer.text()) * 1000 + MarginMs);
    else end();
  } catch { /* No network: the time goes on, and the button is still there. */ }
}

function end() {
  if (isOver) return;
  isOver = true;
  if (!typedIn && location.pathname === '/sign-in') return;
  if (!typedIn) return location.replace(`/sign-in?to=${encodeURIComponent(location.pathname + location.search)}`);
  // What was typed stays where it is; sending it leads through the sign-in and back.
  show('over');
  dialog.setAttribute('aria-labelledby', 'session-over'); dialog.setAttribute('aria-describedby', 'session-kept');
  if (!dialog.open) dialog.showModal();
  dialog.querySelector('[data-act=again]').focus();
}

function tick() {
  const ms = endsAt - Date.now();
  if (isOver) return;
  if (ms <= 0) return end();
  if (ms > warningMs) return;
  const whole = Math.ceil(ms / 1000);
  left.textContent = `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
  if (!dialog.open) { show('ending'); dialog.showModal(); dialog.querySelector('[data-act=stay]').focus(); }
}

dialog.addEventListener('cancel', event => { event.preventDefault(); if (!isOver) stay(); });
dialog.querySelector('[data-act=stay]').addEventListener('click', stay);
dialog.querySelector('[data-act=again]').addEventListener('click', () => { typedIn.noValidate = true; typedIn.requestSubmit(); });
document.addEventListener('input', event => { if (event.target.form?.method === 'post') typedIn = event.target.form; });
addEventListener('storage', event => { if (event.key === Shared && event.newValue) { set(Number(event.newValue), false); tick(); } });
addEventListener('pageshow', event => { if (event.persisted) { try { set(Number(localStorage.getItem(Shared)) || endsAt, false); } catch { /* as above */ } tick(); } });
// Who signs out in one tab has left in all of them.
document.querySelector('form[action="/sign-out"]')?.addEventListener('submit', () => { try { localStorage.setItem(Shared, '0'); } catch { /* as above */ } });
document.addEventListener('visibilitychange', tick);
set(Date.now() + Number(seconds) * 1000 + MarginMs);
setInterval(tick, 500);
