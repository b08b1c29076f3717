// Draws a line over time beside each table marked data-chart. The table stays: it has every number, and is all there is without this script.
// table: data-label, data-unit, data-alternative, data-usual, data-zoom, data-zooms="years=words;…" (0 years: all), data-locale, data-earlier, data-later
// th[data-series]: a series, with data-low and data-high of what is usual. tr[data-at]: a time, newest first; its td[data-value] in the order of the series, data-flag when it is not usual.

const year = 365.25 * 24 * 3600;

for (const table of document.querySelectorAll('table[data-chart]')) draw(table);

function read(table) {
  const series = [...table.querySelectorAll('th[data-series]')].map(th => ({ name: th.dataset.series, low: number(th.dataset.low), high: number(th.dataset.high) }));
  const rows = [...table.querySelectorAll('tr[data-at]')].map(tr => ({ at: Date.parse(tr.dataset.at) / 1000, cells: [...tr.querySelectorAll('td')].slice(0, series.length), when: tr.querySelector('th').innerText.trim() }))
    .filter(row => Number.isFinite(row.at) && row.cells.some(cell => number(cell.dataset.value) !== null)).sort((a, b) => a.at - b.at);
  return {
    series, when: rows.map(row => row.when),
    said: rows.map(row => row.cells.map((cell, i) => (series.length > 1 ? `${series[i].name} ` : '') + cell.innerText.replace(/\s+/g, ' ').trim()).join(', ')),
    flagged: series.map((_, i) => rows.map(row => row.cells[i].dataset.flag === '1')),
    points: [rows.map(row => row.at), ...series.map((_, i) => rows.map(row => number(row.cells[i].dataset.value)))],
  };
}

function number(text) {
  return text === undefined || text === '' || !Number.isFinite(Number(text)) ? null : Number(text);
}

function draw(table) {
  const data = read(table);
  const [times, ...values] = data.points;
  if (times.length < 2) return;
  const locale = table.dataset.locale;
  const figure = element('figure', 'chart');
  const holder = element('div', 'chart-holder');
  holder.setAttribute('role', 'img');
  holder.setAttribute('aria-label', `${table.dataset.label}. ${table.dataset.alternative}`);
  const readout = element('p', 'chart-readout');
  readout.setAttribute('role', 'status');
  const tools = element('div', 'chart-tools');
  figure.append(key(table, data.series), holder, tools, readout);
  (table.closest('.scroll') ?? table).before(figure);

  let colours = look();
  const whole = padded(times[0], times[times.length - 1]);
  const chart = new uPlot({
    ...size(holder), padding: [12, 12, 0, 0], legend: { show: false },
    cursor: { drag: { x: false, y: false }, y: false, points: { size: 11 } },
    scales: { x: { time: true, range: (_, from, to) => [from, to] }, y: { range: (u, low, high) => extent(low, high, data.series) } },
    axes: [
      { stroke: () => colours.text, grid: { show: false }, ticks: { stroke: () => colours.grid }, values: (_, ticks, __, ___, step) => ticks.map(tick => day(tick, step, locale)), space: 84 },
      { stroke: () => colours.text, grid: { stroke: () => colours.grid, width: 1 }, ticks: { show: false }, values: (_, ticks) => ticks.map(tick => tick.toLocaleString(locale, { maximumFractionDigits: 4 })), size: 58 },
    ],
    series: [{}, ...data.series.map((one, i) => ({
      label: one.name, spanGaps: true, width: 2.5, stroke: () => colours.lines[i % colours.lines.length], dash: i % 2 === 1 ? [7, 4] : undefined,
      points: { show: true, size: 7, fill: () => colours.lines[i % colours.lines.length], stroke: () => colours.lines[i % colours.lines.length] },
    }))],
    hooks: { drawClear: [u => bands(u, data.series, colours)], draw: [u => marks(u, data, colours)], setCursor: [u => tell(u.cursor.idx)] },
  }, [times, ...values], holder);
  show(whole);

  function show([from, to]) { chart.setScale('x', { min: from, max: to }); }
  function tell(index) { readout.textContent = index == null ? '' : `${data.when[index]}: ${data.said[index]}`; }

  // From value to value with buttons, for those who do not point.
  let at = times.length;
  const step = by => {
    at = Math.min(times.length - 1, Math.max(0, at + by));
    const from = chart.scales.x;
    if (times[at] < from.min || times[at] > from.max) zooms.at(-1)?.click();
    chart.setCursor({ left: chart.valToPos(times[at], 'x'), top: chart.bbox.height / 2 });
    tell(at);
  };
  const zooms = (table.dataset.zooms ?? '').split(';').map(one => one.split('=')).map(([years, words]) => ({ years: Number(years), words }))
    .filter(one => one.words && (one.years === 0 || times[0] < times[times.length - 1] - one.years * year))
    .map(one => button(one.words, pressed => {
      zooms.forEach(other => other.setAttribute('aria-pressed', other === pressed));
      show(one.years === 0 ? whole : padded(times[times.length - 1] - one.years * year, times[times.length - 1]));
    }));
  if (zooms.length > 1) {
    const group = element('div', 'chart-zooms');
    group.setAttribute('role', 'group');
    group.setAttribute('aria-label', table.dataset.zoom);
    zooms.forEach((zoom, i) => zoom.setAttribute('aria-pressed', i === zooms.length - 1));
    group.append(...zooms);
    tools.append(group);
  }
  const steps = element('div', 'chart-steps');
  steps.append(button('‹', () => step(-1), table.dataset.earlier), button('›', () => step(1), table.dataset.later));
  tools.append(steps);

  new ResizeObserver(() => chart.setSize(size(holder))).observe(figure);
  const repaint = () => { colours = look(); chart.redraw(false); };
  for (const query of ['(prefers-color-scheme: dark)', '(prefers-contrast: more)', '(forced-colors: active)']) matchMedia(query).addEventListener('change', repaint);
}

function padded(from, to) {
  const pad = Math.max((to - from) * 0.03, 3600);
  return [from - pad, to + pad];
}

// The values fill the height; the usual range is in sight unless that would flatten the line.
function extent(low, high, series) {
  if (low == null || high == null) return [0, 1];
  const ends = series.flatMap(one => [one.low, one.high]).filter(end => end !== null);
  const [least, most] = [Math.min(low, ...ends), Math.max(high, ...ends)];
  if (high - low > (most - least) * 0.15) [low, high] = [least, most];
  else for (const end of ends) if (end >= low - (high - low) * 2 && end <= high + (high - low) * 2) [low, high] = [Math.min(low, end), Math.max(high, end)];
  const pad = Math.max((high - low) * 0.08, Math.abs(high) * 0.01, 1e-9);
  return [low - pad, high + pad];
}

function bands(u, series, colours) {
  const { left, top, width, height } = u.bbox;
  series.forEach((one, i) => {
    if (one.low === null && one.high === null) return;
    const above = one.high === null ? top : clamp(u.valToPos(one.high, 'y', true), top, top + height);
    const below = one.low === null ? top + height : clamp(u.valToPos(one.low, 'y', true), top, top + height);
    u.ctx.save();
    u.ctx.fillStyle = colours.usual;
    u.ctx.fillRect(left, above, width, below - above);
    u.ctx.strokeStyle = colours.edge;
    u.ctx.lineWidth = devicePixelRatio;
    u.ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
    for (const [end, y] of [[one.high, above], [one.low, below]]) if (end !== null && y > top && y < top + height) { u.ctx.beginPath(); u.ctx.moveTo(left, y); u.ctx.lineTo(left + width, y); u.ctx.stroke(); }
    u.ctx.restore();
  });
}

// What is not usual has another shape, not only another colour.
function marks(u, data, colours) {
  const radius = 7 * devicePixelRatio;
  data.flagged.forEach((flags, i) => flags.forEach((flag, index) => {
    const value = data.points[i + 1][index], time = data.points[0][index];
    if (!flag || value === null || time < u.scales.x.min || time > u.scales.x.max) return;
    const [x, y] = [u.valToPos(time, 'x', true), u.valToPos(value, 'y', true)];
    u.ctx.save();
    u.ctx.beginPath();
    u.ctx.moveTo(x, y - radius); u.ctx.lineTo(x + radius, y); u.ctx.lineTo(x, y + radius); u.ctx.lineTo(x - radius, y); u.ctx.closePath();
    u.ctx.fillStyle = colours.flagged;
    u.ctx.strokeStyle = colours.ground;
    u.ctx.lineWidth = 1.5 * devicePixelRatio;
    u.ctx.fill(); u.ctx.stroke();
    u.ctx.restore();
  }));
}

// Colours of the page's own scheme: read from an element, because a variable may hold a choice between two.
function look() {
  const probe = element('span', '');
  document.body.append(probe);
  const of = name => { probe.style.color = `var(--ds-color-${name})`; return getComputedStyle(probe).color; };
  const colours = {
    text: of('neutral-text-subtle'), grid: of('neutral-border-subtle'), ground: of('neutral-background-default'), usual: of('success-surface-tinted'), edge: of('success-border-default'),
    flagged: of('danger-base-default'), lines: [of('accent-base-default'), of('neutral-text-default'), of('accent-text-subtle')],
  };
  probe.remove();
  return colours;
}

function key(table, series) {
  const list = element('ul', 'chart-key');
  const add = (kind, words) => { const item = element('li', ''); item.append(element('span', `chart-sign ${kind}`), words); list.append(item); };
  series.forEach((one, i) => add(`line-${i % 3}`, series.length > 1 || !table.dataset.unit ? one.name : table.dataset.unit));
  if (series.length > 1 && table.dataset.unit) list.append(Object.assign(element('li', ''), { textContent: table.dataset.unit }));
  if (series.some(one => one.low !== null || one.high !== null)) add('usual', table.dataset.usual);
  return list;
}

function size(holder) {
  const width = Math.max(240, holder.clientWidth || holder.parentElement.clientWidth);
  return { width, height: Math.round(clamp(width * 0.42, 200, 340)) };
}

function day(seconds, step, locale) {
  const date = new Date(seconds * 1000);
  const format = step >= year * 0.9 ? { year: 'numeric' } : step >= 27 * 86400 ? { month: 'short', year: 'numeric' } : step >= 86400 ? { day: 'numeric', month: 'short' } : { hour: '2-digit', minute: '2-digit' };
  return date.toLocaleString(locale, format);
}

function clamp(value, low, high) { return Math.min(high, Math.max(low, value)); }

function element(name, classes) {
  const made = document.createElement(name);
  if (classes) made.className = classes;
  return made;
}

function button(words, pressed, label) {
  const made = element('button', 'ds-button');
  Object.assign(made, { type: 'button', textContent: words });
  Object.assign(made.dataset, { variant: 'secondary', size: 'sm', color: 'neutral' });
  if (label) made.setAttribute('aria-label', label);
  made.addEventListener('click', () => pressed(made));
  return made;
}
