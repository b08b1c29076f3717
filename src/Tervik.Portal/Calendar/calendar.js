// Where there is room, puts what the lists of the calendar say at its hour, and lets appointments be moved: by dragging with a mouse or a pen, or with the arrow keys after "Move". The server decides; without this the same links lead to pages.
const calendar = document.querySelector('.calendar'), form = document.getElementById('calendar-move'), said = document.getElementById('calendar-said');
const wide = matchMedia('(min-width: 60rem)'), CELL = 5;
const from = Number(calendar?.dataset.from), to = Number(calendar?.dataset.to);
const columns = calendar ? [...calendar.querySelectorAll('.calendar-column')] : [];
const row = minute => Math.round((Math.min(Math.max(minute, from), to) - from) / CELL) + 1;
const clock = minute => `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
const say = words => { said.textContent = words; };
let moving = null;

function arrange() {
  calendar.classList.toggle('is-grid', wide.matches);
  for (const column of columns) {
    const day = column.querySelector('.calendar-day');
    day.style.gridTemplateRows = wide.matches ? `repeat(${(to - from) / CELL}, var(--calendar-cell))` : '';
    for (const item of day.querySelectorAll('[data-row]')) {
      item.style.gridRow = wide.matches ? `${row(Number(item.dataset.row))} / ${Math.max(row(Number(item.dataset.end)), row(Number(item.dataset.row)) + 1)}` : '';
      const lanes = Number(item.dataset.lanes ?? 1), lane = Number(item.dataset.lane ?? 0);
      item.style.marginInlineStart = wide.matches && lanes > 1 ? `${100 * lane / lanes}%` : '';
      item.style.marginInlineEnd = wide.matches && lanes > 1 ? `${100 * (lanes - 1 - lane) / lanes}%` : '';
    }
  }
  hours();
  fit();
}

// The cells are as high as the fullest entry needs, however large the letters are: nothing is cut off.
function fit() {
  calendar.style.removeProperty('--calendar-cell');
  if (!wide.matches) return;
  let most = columns[0].querySelector('.calendar-day').getBoundingClientRect().height / ((to - from) / CELL);
  for (const entry of calendar.querySelectorAll('.calendar-entry:not(.is-absence)'))
    most = Math.max(most, (entry.scrollHeight + entry.offsetHeight - entry.clientHeight) / Math.max(1, row(Number(entry.dataset.end)) - row(Number(entry.dataset.row))));
  calendar.style.setProperty('--calendar-cell', `${most}px`);
}

function hours() {
  for (const old of calendar.querySelectorAll('.calendar-hour')) old.remove();
  if (!wide.matches) return;
  for (const column of columns)
    for (let minute = from; minute < to; minute += 60) {
      const line = document.createElement('li');
      line.className = 'calendar-hour';
      line.setAttribute('aria-hidden', 'true');
      line.style.gridRow = `${row(minute)} / ${row(minute + 60)}`;
      if (column === columns[0]) line.textContent = clock(minute);
      column.querySelector('.calendar-day').prepend(line);
    }
}

// The opening of a column in which an appointment of that length could begin at a minute, and the nearest of its beginnings.
function place(column, minute, entry) {
  const length = Number(entry.dataset.length), step = Number(entry.dataset.step);
  for (const open of column.querySelectorAll('.calendar-open')) {
    const start = Number(open.dataset.row), end = Number(open.dataset.end);
    if (minute < start - step || minute >= end) continue;
    const at = start + Math.max(0, Math.min(Math.round((minute - start) / step), Math.floor((end - start - length) / step))) * step;
    if (at + length <= end) return { column, at, minute: Number(open.dataset.minute) + at - start };
  }
  return null;
}

function show(found) {
  moving.found = found;
  if (!found) return;
  found.column.querySelector('.calendar-day').append(moving.ghost);
  moving.ghost.style.gridRow = `${row(found.at)} / ${row(found.at + Number(moving.entry.dataset.length))}`;
  moving.ghost.textContent = clock(found.at);
  moving.ghost.scrollIntoView({ block: 'nearest', inline: 'nearest' });
}

function begin(entry, column) {
  moving = { entry, column, ghost: document.createElement('li') };
  moving.ghost.className = 'calendar-ghost';
  moving.ghost.setAttribute('aria-hidden', 'true');
  entry.classList.add('is-moving');
}

function end(words) {
  moving.ghost.remove();
  moving.entry.classList.remove('is-moving');
  moving = null;
  if (words) say(words);
}

function send() {
  const { entry, found } = moving;
  form.action = `/calendar/${encodeURIComponent(entry.dataset.appointment)}/move`;
  form.elements['form-version'].value = entry.dataset.version;
  form.elements.offer.value = `p-${entry.dataset.service}-${found.column.dataset.calendar}-${found.minute.toString(36)}`;
  form.submit();
}

const told = found => found ? calendar.dataset.at.replace('{0}', found.column.dataset.name).replace('{1}', clock(found.at)) : calendar.dataset.closed;

// With the keys: the next beginning above or below, over closed hours too, or the nearest in the column beside.
function step(key) {
  const { entry, found, column } = moving, by = Number(entry.dataset.step);
  const here = found ?? { column, at: Number(entry.dataset.row) };
  if (key === 'ArrowUp' || key === 'ArrowDown') {
    const sign = key === 'ArrowUp' ? -1 : 1;
    for (let minute = here.at + sign * by; minute >= from && minute < to; minute += sign * CELL) {
      const next = place(here.column, minute, entry);
      if (next && (next.at - here.at) * sign > 0) return next;
    }
    return found;
  }
  for (let i = columns.indexOf(here.column) + (key === 'ArrowLeft' ? -1 : 1); columns[i]; i += key === 'ArrowLeft' ? -1 : 1)
    for (let away = 0; away < to - from; away += CELL) {
      const next = place(columns[i], here.at + away, entry) ?? place(columns[i], here.at - away, entry);
      if (next) return next;
    }
  return found;
}

if (calendar) {
  arrange();
  wide.addEventListener('change', arrange);
  // Other letters, or another width: the headings tell, whose size does not follow from the cells.
  const changed = new ResizeObserver(fit);
  for (const heading of calendar.querySelectorAll('h2')) changed.observe(heading);
  calendar.addEventListener('click', event => {
    const link = event.target.closest('.calendar-move');
    if (!link || !wide.matches || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (moving) end();
    begin(link.closest('.calendar-entry'), link.closest('.calendar-column'));
    link.focus();
    say(calendar.dataset.help);
  });
  calendar.addEventListener('keydown', event => {
    if (!moving || !moving.entry.contains(event.target)) return;
    if (event.key.startsWith('Arrow')) {
      show(step(event.key));
      say(told(moving.found));
    } else if (event.key === 'Enter' && moving.found) send();
    else if (event.key === 'Escape') end(calendar.dataset.stopped);
    else if (event.key === 'Tab') return end(calendar.dataset.stopped);
    else return;
    event.preventDefault();
  });
  for (const entry of calendar.querySelectorAll('.calendar-entry[data-appointment]')) {
    let grip = null;
    entry.addEventListener('pointerdown', event => {
      // A finger scrolls; a link is a link.
      if (!wide.matches || event.button !== 0 || event.pointerType === 'touch' || event.target.closest('a')) return;
      event.preventDefault();
      if (moving) end();
      grip = { x: event.clientX, y: event.clientY, above: event.clientY - entry.getBoundingClientRect().top };
      entry.setPointerCapture(event.pointerId);
    });
    entry.addEventListener('pointermove', event => {
      if (!grip) return;
      if (!moving && Math.hypot(event.clientX - grip.x, event.clientY - grip.y) > 5) begin(entry, entry.closest('.calendar-column'));
      if (!moving) return;
      const column = columns.find(one => one.getBoundingClientRect().left <= event.clientX && event.clientX < one.getBoundingClientRect().right);
      const box = column?.querySelector('.calendar-day').getBoundingClientRect();
      show(column ? place(column, from + (event.clientY - grip.above - box.top) / box.height * (to - from), entry) : null);
      if (!moving.found) moving.ghost.remove();
    });
    entry.addEventListener('pointerup', () => {
      grip = null;
      if (moving?.found) send();
      else if (moving) end(calendar.dataset.stopped);
    });
    entry.addEventListener('pointercancel', () => {
      grip = null;
      if (moving) end();
    });
  }
}
