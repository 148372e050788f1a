// What the page knows: the text of /metrics, and what happened between two of them.

// parse reads Prometheus's text format: a Map from a metric's name to its samples.
export function parse(text) {
  const all = new Map();
  for (const line of text.split('\n')) {
    if (line === '' || line[0] === '#') continue;
    const open = line.indexOf('{');
    const end = open < 0 ? line.indexOf(' ') : line.lastIndexOf('}') + 1;
    const name = line.slice(0, open < 0 ? end : open);
    const labels = {};
    if (open >= 0) {
      for (const [, key, value] of line.slice(open + 1, end - 1).matchAll(/([^,={}\s]+)="((?:[^"\\]|\\.)*)"/g)) {
        labels[key] = value.replace(/\\(.)/g, (_, c) => (c === 'n' ? '\n' : c));
      }
    }
    if (!all.has(name)) all.set(name, []);
    all.get(name).push({ labels, value: Number(line.slice(end).trim().split(' ')[0]) });
  }
  return all;
}

// frame sorts the samples by the loop, server or worker that they are of.
export function frame(text, at) {
  const f = { at, loops: new Map(), servers: new Map(), process: new Map() };
  for (const [name, samples] of parse(text)) {
    for (const s of samples) {
      const [kind, rest] = split(name);
      const things = kind === 'loop' ? f.loops : kind ? f.servers : f.process;
      const what = s.labels.loop ?? s.labels.server ?? s.labels.net ?? '';
      const key = JSON.stringify([what, s.labels.worker, s.labels.pid]);
      if (!things.has(key)) {
        things.set(key, { key, what, worker: s.labels.worker, name: s.labels.worker ? `${s.labels.worker}: ${what}` : what, values: {}, groups: {}, hists: {} });
      }
      const thing = things.get(key);
      const by = s.labels.kind ?? s.labels.reason ?? s.labels.class ?? s.labels.result ?? s.labels.by;
      if (s.labels.le !== undefined) {
        const base = rest.replace(/_bucket$/, '');
        (thing.hists[base] ??= []).push([Number(s.labels.le.replace('+Inf', 'Infinity')), s.value]);
      } else if (by !== undefined) {
        (thing.groups[rest] ??= {})[by] = s.value;
      } else {
        thing.values[rest] = s.value;
      }
    }
  }
  return f;
}

// split tells what a metric is about. Those of an HTTP server are with those of its connections.
function split(name) {
  for (const kind of ['loop', 'server', 'http', 'net']) {
    const prefix = `uvgo_${kind}_`;
    if (name.startsWith(prefix)) return [kind, (kind === 'http' ? 'http_' : '') + name.slice(prefix.length)];
  }
  return [null, name];
}

// between returns what happened between two frames, by the second.
export function between(old, now) {
  const seconds = Math.max((now.at - old.at) / 1000, 1e-3);
  const grown = (a, b) => (a === undefined || b === undefined || b < a ? 0 : b - a); // a counter that falls has begun anew
  const compare = (olds, news) => [...news.values()].map((thing) => {
    const before = olds.get(thing.key);
    return {
      key: thing.key, name: thing.name, values: thing.values, groups: thing.groups, fresh: !before,
      rate: (name) => grown(before?.values[name], thing.values[name]) / seconds,
      rates: (name) => Object.fromEntries(Object.entries(thing.groups[name] ?? {}).map(([k, v]) => [k, grown(before?.groups[name]?.[k] ?? (before && 0), v) / seconds])),
      quantile: (name, q) => quantile(before?.hists[name], thing.hists[name], q),
    };
  });
  const loops = compare(old.loops, now.loops);
  for (const l of loops) {
    const busy = l.rate('busy_seconds_total');
    const idle = l.rate('idle_seconds_total');
    l.idle = busy + idle > 0 ? idle / (busy + idle) : NaN;
  }
  return { at: now.at, seconds, loops, servers: compare(old.servers, now.servers), process: compare(old.process, now.process) };
}

// quantile is that of the values that a histogram has got since it had the buckets `old`: as Prometheus's histogram_quantile.
export function quantile(old, now, q) {
  if (!now || !old) return NaN;
  const before = new Map(old);
  const counts = now.map(([le, n]) => [le, Math.max(0, n - (before.get(le) ?? 0))]);
  const total = counts.at(-1)[1];
  if (total === 0) return NaN;
  let low = 0;
  let below = 0;
  for (const [le, n] of counts) {
    if (n >= q * total && n > below) {
      return le === Infinity ? low : low + ((le - low) * (q * total - below)) / (n - below);
    }
    low = le;
    below = n;
  }
  return low;
}

export const sum = (all) => all.reduce((a, b) => a + b, 0);

// add adds objects of numbers up, name by name.
export function add(objects) {
  const total = {};
  for (const o of objects) for (const [k, v] of Object.entries(o)) total[k] = (total[k] ?? 0) + v;
  return total;
}

// Numbers for people.

const scaled = (v, step, units, digits = 3) => {
  let i = 0;
  while (Math.abs(v) >= step && i < units.length - 1) {
    v /= step;
    i++;
  }
  return `${v === 0 ? 0 : Number(v.toPrecision(digits))}${units[i]}`;
};

export const show = {
  number: (v) => (Number.isFinite(v) ? scaled(v, 1000, ['', 'k', 'M', 'G', 'T']) : '–'),
  bytes: (v) => (Number.isFinite(v) ? scaled(v, 1000, [' B', ' kB', ' MB', ' GB', ' TB']) : '–'),
  percent: (v) => (Number.isFinite(v) ? `${Number((v * 100).toFixed(v > 0.995 || v < 0.1 ? 1 : 0))} %` : '–'),
  time: (v) => (Number.isFinite(v) ? (v >= 1 ? `${Number(v.toPrecision(3))} s` : scaled(v * 1e9, 1000, [' ns', ' µs', ' ms'])) : '–'),
  age: (s) => {
    if (!Number.isFinite(s)) return '–';
    const [d, h, m] = [Math.floor(s / 86400), Math.floor(s / 3600) % 24, Math.floor(s / 60) % 60];
    if (d) return `${d}d ${h}h`;
    if (h) return `${h}h ${m}m`;
    return m ? `${m}m ${Math.floor(s) % 60}s` : `${Math.floor(s)}s`;
  },
};
