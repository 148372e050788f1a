// The page: it asks its server again and again, and shows what has happened in between.

import { Chart } from './chart.js';
import { add, between, frame, show, sum } from './data.js';

const $ = (id) => document.getElementById(id);
const perSecond = (v) => `${show.number(v)}/s`;
const bytesPerSecond = (v) => `${show.bytes(v)}/s`;
const nonZero = (o) => Object.fromEntries(Object.entries(o).filter(([, v]) => v > 0));

// byLoop gives a value of each loop; of many loops the largest, the median and the least.
function byLoop(d, value) {
  const all = d.loops.map((l) => [l.name, value(l)]);
  if (all.length <= 8) return Object.fromEntries(all);
  const values = all.map(([, v]) => v).filter(Number.isFinite).toSorted((a, b) => a - b);
  if (values.length === 0) return {};
  return { largest: values.at(-1), median: values[values.length >> 1], least: values[0] };
}

const seen = new Set(); // groups that were more than 0 once: they stay in the plot
function kept(plot, values) {
  return Object.fromEntries(Object.entries(values).filter(([k, v]) => {
    if (v > 0) seen.add(`${plot}/${k}`);
    return seen.has(`${plot}/${k}`);
  }));
}

const has = (d, name) => d.servers.some((s) => s.values[name] !== undefined || s.groups[name] !== undefined);
// accepts is how many connections a server, or uvnet, accepts a second.
const accepts = (s) => (s.groups.opened_total ? s.rates('opened_total').accept ?? 0 : s.rate('accepted_total'));
const total = (d, name) => sum(d.servers.map((s) => s.rate(name)));

// What the plots show.
const plots = [
  { title: 'Lag of the loops, 99 % of the turns', format: show.time, of: (d) => byLoop(d, (l) => l.quantile('lag_seconds', 0.99)) },
  { title: 'Callback time, 99 % of the callbacks', format: show.time, of: (d) => byLoop(d, (l) => l.quantile('callback_seconds', 0.99)) },
  { title: 'Idle part of the loops’ time', format: show.percent, max: 1, of: (d) => byLoop(d, (l) => l.idle) },
  { title: 'Turns and events', format: perSecond, of: (d) => (d.loops.length ? { turns: sum(d.loops.map((l) => l.rate('turns_total'))), events: sum(d.loops.map((l) => l.rate('events_total'))) } : {}) },
  { title: 'Requests by class', format: perSecond, of: (d) => kept('requests', add(d.servers.map((s) => s.rates('http_requests_total')))) },
  { title: 'Messages', format: perSecond, of: (d) => kept('messages', has(d, 'http_requests_total') ? {} : { messages: total(d, 'messages_total') }) },
  { title: 'Connections', format: show.number, of: (d) => (has(d, 'connections') ? kept('connections', Object.fromEntries(['open', 'paused', 'full', 'waiting'].map((k) => [k, sum(d.servers.map((s) => s.values[k === 'open' ? 'connections' : `${k}_connections`] ?? 0))]))) : {}) },
  { title: 'Accepted', format: perSecond, of: (d) => (has(d, 'accepted_total') || has(d, 'opened_total') ? { accepted: sum(d.servers.map(accepts)), ...kept('dropped', { dropped: total(d, 'dropped_total') }) } : {}) },
  { title: 'Closed, by reason', format: perSecond, of: (d) => kept('closed', add(d.servers.map((s) => s.rates('closed_total')))) },
  { title: 'Queued bytes', format: show.bytes, of: (d) => byLoop(d, (l) => l.values.unsent_bytes) },
  { title: 'Bytes received and written', format: bytesPerSecond, of: (d) => (has(d, 'received_bytes_total') ? { received: total(d, 'received_bytes_total'), written: total(d, 'written_bytes_total') } : {}) },
  { title: 'Handles by kind', format: show.number, of: (d) => kept('handles', add(d.loops.map((l) => l.groups.handles ?? {}))) },
].map((p) => ({ ...p, chart: new Chart($('charts'), p) }));

// A Table keeps its order while its rows change.
class Table {
  constructor(id, columns) {
    this.section = $(id);
    this.table = this.section.querySelector('table');
    this.columns = columns;
    this.by = null;
    this.down = true;
    const row = this.table.createTHead().insertRow();
    for (const [i, c] of columns.entries()) {
      const th = document.createElement('th');
      th.scope = 'col';
      if (c.text) th.className = 'text';
      const b = document.createElement('button');
      b.type = 'button';
      b.textContent = c.title;
      b.addEventListener('click', () => {
        this.down = this.by === i ? !this.down : !c.text;
        this.by = i;
        this.show(this.rows);
      });
      th.append(b);
      row.append(th);
    }
    this.body = this.table.createTBody();
  }

  show(rows) {
    this.rows = rows;
    this.section.hidden = rows.length === 0;
    const value = this.columns[this.by]?.value;
    const order = (a, b) => {
      const [x, y] = [value(a), value(b)];
      const c = typeof x === 'string' ? x.localeCompare(y, 'en', { numeric: true }) : (Number.isNaN(x) ? -1 : x) - (Number.isNaN(y) ? -1 : y);
      return this.down ? -c : c;
    };
    for (const [i, th] of [...this.table.tHead.rows[0].cells].entries()) {
      if (i === this.by) th.setAttribute('aria-sort', this.down ? 'descending' : 'ascending');
      else th.removeAttribute('aria-sort');
    }
    this.body.replaceChildren(...(value ? rows.toSorted(order) : rows).map((r) => {
      const tr = document.createElement('tr');
      for (const c of this.columns) {
        const td = tr.insertCell();
        const v = c.value(r);
        td.append(c.node ? c.node(r) : c.format ? c.format(v) : v);
        td.className = `${c.text ? 'text' : ''} ${c.wide ? 'wide' : ''} ${c.bad?.(v, r) ? 'bad' : ''}`.trim();
      }
      return tr;
    }));
  }
}

const loops = new Table('loops', [
  { title: 'loop', text: true, value: (l) => l.name },
  { title: 'lag p50', format: show.time, value: (l) => l.quantile('lag_seconds', 0.5) },
  { title: 'lag p99', format: show.time, value: (l) => l.quantile('lag_seconds', 0.99), bad: (v) => v > 0.1 },
  { title: 'callback p99', format: show.time, value: (l) => l.quantile('callback_seconds', 0.99), bad: (v) => v > 0.1 },
  { title: 'idle', format: show.percent, value: (l) => l.idle, bad: (v) => v < 0.05 },
  { title: 'turns/s', format: show.number, value: (l) => l.rate('turns_total') },
  { title: 'events/s', format: show.number, value: (l) => l.rate('events_total') },
  { title: 'handles', format: show.number, value: (l) => sum(Object.values(l.groups.handles ?? {})) },
  { title: 'queued', format: show.bytes, value: (l) => l.values.unsent_bytes ?? NaN },
  { title: 'posts', format: show.number, value: (l) => l.values.queue_length ?? NaN },
  { title: 'slow', format: show.number, value: (l) => l.values.slow_callbacks_total ?? NaN },
  { title: 'panics', format: show.number, value: (l) => l.values.panics_total ?? NaN, bad: (v) => v > 0 },
]);

const servers = new Table('servers', [
  { title: 'server', text: true, value: (s) => s.name },
  { title: 'connections', format: show.number, value: (s) => s.values.connections ?? NaN },
  { title: 'accepted/s', format: show.number, value: accepts },
  { title: 'requests/s', format: show.number, value: (s) => (s.groups.http_requests_total ? sum(Object.values(s.rates('http_requests_total'))) : NaN) },
  { title: 'p99', format: show.time, value: (s) => s.quantile('http_request_seconds', 0.99) },
  { title: 'in flight', format: show.number, value: (s) => s.values.http_requests_in_flight ?? NaN },
  { title: 'received', format: bytesPerSecond, value: (s) => s.rate('received_bytes_total') },
  { title: 'written', format: bytesPerSecond, value: (s) => s.rate('written_bytes_total') },
  { title: 'full', format: show.number, value: (s) => s.values.full_connections ?? NaN },
  { title: 'dropped', format: show.number, value: (s) => s.values.dropped_total ?? NaN, bad: (v) => v > 0 },
  { title: 'closed', text: true, wide: true, value: (s) => Object.entries(nonZero(s.groups.closed_total ?? {})).map(([k, v]) => `${k} ${show.number(v)}`).join(', ') },
]);

const link = (w) => {
  if (!w.pid) return '–';
  const a = document.createElement('a');
  a.href = `worker/${w.pid}/`;
  a.textContent = w.pid;
  return a;
};
const workers = new Table('workers', [
  { title: 'worker', text: true, value: (w) => String(w.slot) },
  { title: 'process', value: (w) => w.pid ?? 0, node: link },
  { title: 'state', text: true, value: (w) => w.state, bad: (v) => v === 'failed' || v === 'backing off' },
  { title: 'generation', format: show.number, value: (w) => w.generation ?? NaN },
  { title: 'age', format: show.age, value: (w) => (w.age_ns ?? NaN) / 1e9 },
  { title: 'restarts', format: show.number, value: (w) => w.restarts, bad: (v) => v > 0 },
  { title: 'memory', format: show.bytes, value: (w) => w.rss_bytes ?? NaN },
  { title: 'processor', format: show.percent, value: (w) => w.cpu },
  { title: 'last exit', text: true, value: (w) => w.last_exit ?? '' },
  { title: 'note', text: true, wide: true, value: (w) => `${w.reason ?? ''}${w.message ?? ''}` },
]);

const slow = new Table('slow', [
  { title: 'when', text: true, value: (s) => new Date(s.at).toLocaleTimeString() },
  { title: 'loop', text: true, value: (s) => [s.worker, s.loop].filter(Boolean).join(': ') || '–' },
  { title: 'took', format: show.time, value: (s) => s.took_ns / 1e9 },
  {
    title: 'callback', text: true, wide: true, value: (s) => s.callback,
    node: (s) => {
      const stuck = s.stuck ? ' (had not returned)' : '';
      if (!s.stack?.length) return s.callback + stuck;
      const details = document.createElement('details');
      const summary = document.createElement('summary');
      summary.textContent = s.callback + stuck;
      const pre = document.createElement('pre');
      pre.textContent = s.stack.join('\n');
      details.append(summary, pre);
      details.open = opened.has(s.at + s.callback);
      details.addEventListener('toggle', () => (details.open ? opened.add(s.at + s.callback) : opened.delete(s.at + s.callback)));
      return details;
    },
  },
]);
const opened = new Set(); // of the slow callbacks' stacks

// facts writes the header.
function facts(status, d) {
  $('name').textContent = status.name;
  document.title = `${status.name} ${status.pid}`;
  const own = d.process.find((p) => p.key === JSON.stringify([''])) ?? d.process[0];
  const all = [
    ['process', String(status.pid)],
    ['up', show.age((new Date(status.now) - new Date(status.began)) / 1000)],
    ['processor', show.percent(own?.rate('process_cpu_seconds_total') ?? NaN)],
    ['memory', show.bytes(own?.values.process_resident_memory_bytes ?? own?.values.go_memstats_sys_bytes ?? NaN)],
    ['goroutines', show.number(own?.values.go_goroutines ?? NaN)],
    ['descriptors', show.number(own?.values.process_open_fds ?? NaN)],
  ];
  if (status.workers) all.push(['workers', `${status.workers.state}, ${status.workers.slots.filter((w) => w.state === 'ready').length} of ${status.workers.workers} ready`]);
  $('facts').replaceChildren(...all.map(([k, v]) => {
    const div = document.createElement('div');
    const dt = document.createElement('dt');
    const dd = document.createElement('dd');
    dt.textContent = k;
    dd.textContent = v;
    div.append(dt, dd);
    return div;
  }));
}

let last = null;
let lastWorkers = new Map(); // processor time by process ID
let lost = null; // since when nobody answers
let paused = false;
let timer = null;

async function ask(path) {
  const answer = await fetch(path, { signal: AbortSignal.timeout(10000), cache: 'no-store' });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${answer.statusText}`);
  return answer;
}

async function look() {
  try {
    const [text, status] = await Promise.all([ask('metrics').then((a) => a.text()), ask('status.json').then((a) => a.json())]);
    const now = frame(text, performance.now());
    const other = last && last.pid !== status.pid;
    if (last && !other) update(between(last.frame, now), status);
    else facts(status, between(now, now));
    if (lost || other) $('state').textContent = `${other ? 'another process answers' : 'it answers again'}, since ${new Date().toLocaleTimeString()}`;
    $('state').className = '';
    lost = null;
    last = { frame: now, pid: status.pid };
  } catch (e) {
    lost ??= new Date();
    $('state').className = 'bad';
    $('state').textContent = `No answer since ${lost.toLocaleTimeString()}: ${e.message}. Trying again.`;
  }
}

function update(d, status) {
  const at = Date.now();
  for (const p of plots) p.chart.push(at, p.of(d));
  loops.show(d.loops);
  servers.show(d.servers);
  const cpu = new Map();
  workers.show((status.workers?.slots ?? []).map((w) => {
    cpu.set(w.pid, w.cpu_ns ?? 0);
    return { ...w, cpu: lastWorkers.has(w.pid) ? ((w.cpu_ns ?? 0) - lastWorkers.get(w.pid)) / 1e9 / d.seconds : NaN };
  }));
  lastWorkers = cpu;
  const recent = (status.slow ?? []).toReversed();
  slow.show(recent);
  slow.section.hidden = false;
  slow.section.querySelector('.none').hidden = recent.length > 0;
  slow.table.hidden = recent.length === 0;
  facts(status, d);
}

let looking = false;

async function run() {
  clearTimeout(timer);
  if (paused || looking) return; // one that looks goes on by itself
  const began = performance.now();
  looking = true;
  await look();
  looking = false;
  if (paused) return;
  timer = setTimeout(run, Math.max(100, Number($('interval').value) - (performance.now() - began)));
}

$('pause').addEventListener('click', () => {
  paused = !paused;
  $('pause').textContent = paused ? 'Go on' : 'Pause';
  run();
});
$('interval').addEventListener('change', run);
$('controls').addEventListener('submit', (e) => e.preventDefault());
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => plots.forEach((p) => p.chart.draw()));
run();
