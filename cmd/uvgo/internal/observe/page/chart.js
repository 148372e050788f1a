// A plot of some series over the last minutes, on a canvas, with a legend that tells the values.

const points = 300; // that are kept
const least = 60; // for which there is room at first
const maxSeries = 8; // of more the largest are shown

export class Chart {
  // options: title, format, and max, the top of the axis if it is fixed.
  constructor(parent, { title, format, max }) {
    this.format = format;
    this.max = max;
    this.times = [];
    this.series = new Map(); // from the name to the values, which end with the newest
    this.at = null; // the point under the pointer, counted from the newest
    this.figure = document.createElement('figure');
    const caption = document.createElement('figcaption');
    caption.textContent = title;
    this.canvas = document.createElement('canvas');
    this.canvas.setAttribute('role', 'img');
    this.canvas.setAttribute('aria-label', title);
    this.legend = document.createElement('ul');
    this.legend.className = 'legend';
    this.figure.append(caption, this.canvas, this.legend);
    this.figure.hidden = true;
    parent.append(this.figure);
    this.canvas.addEventListener('pointermove', (e) => this.point(e));
    this.canvas.addEventListener('pointerdown', (e) => this.point(e));
    this.canvas.addEventListener('pointerleave', () => { this.at = null; this.draw(); });
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }

  // push adds a point: an object from the series' names to values. NaN is a gap.
  push(time, values) {
    this.times.push(time);
    if (this.times.length > points) this.times.shift();
    const n = this.times.length;
    for (const name of Object.keys(values)) if (!this.series.has(name)) this.series.set(name, new Array(n - 1).fill(NaN));
    for (const [name, all] of this.series) {
      all.push(values[name] ?? NaN);
      while (all.length > n) all.shift();
      if (all.every(Number.isNaN)) this.series.delete(name);
    }
    this.figure.hidden = this.series.size === 0;
    this.draw();
  }

  point(e) {
    const { left, width } = this.canvas.getBoundingClientRect();
    const back = Math.round(((width - (e.clientX - left) - 4) / (width - 4 - this.gutter)) * (this.room - 1));
    this.at = back >= 0 && back < this.times.length ? back : null;
    this.draw();
  }

  // shown returns the names of the series that are drawn, with their colours.
  shown() {
    const last = (all) => all.findLast((v) => !Number.isNaN(v)) ?? 0;
    let names = [...this.series.keys()];
    if (names.length > maxSeries) {
      names = names.toSorted((a, b) => last(this.series.get(b)) - last(this.series.get(a))).slice(0, maxSeries).toSorted();
    }
    return names;
  }

  draw() {
    const box = this.canvas.getBoundingClientRect();
    if (this.figure.hidden || box.width === 0) return;
    const scale = window.devicePixelRatio || 1;
    const [w, h] = [box.width, box.height];
    if (this.canvas.width !== Math.round(w * scale) || this.canvas.height !== Math.round(h * scale)) {
      this.canvas.width = Math.round(w * scale);
      this.canvas.height = Math.round(h * scale);
    }
    const g = this.canvas.getContext('2d');
    g.setTransform(scale, 0, 0, scale, 0, 0);
    g.clearRect(0, 0, w, h);
    const style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    const names = this.shown();
    const top = this.max ?? nice(Math.max(0, ...names.flatMap((n) => this.series.get(n).filter(Number.isFinite))));
    g.font = '11px system-ui, sans-serif';
    const ticks = [0, 0.5, 1].map((part) => this.format(part * top));
    this.gutter = Math.max(...ticks.map((t) => g.measureText(t).width)) + 8;
    const n = this.times.length;
    this.room = Math.max(least, n);
    const x = (back) => w - 4 - (back * (w - 4 - this.gutter)) / (this.room - 1);
    const y = (v) => h - 20 - (Math.min(v, top) / top) * (h - 30);
    g.fillStyle = colour('--weak');
    g.strokeStyle = colour('--line');
    g.lineWidth = 1;
    g.textAlign = 'right';
    g.textBaseline = 'middle';
    for (const [i, part] of [0, 0.5, 1].entries()) {
      const at = Math.round(y(part * top)) + 0.5;
      g.fillText(ticks[i], this.gutter - 5, at);
      g.beginPath();
      g.moveTo(this.gutter, at);
      g.lineTo(w, at);
      g.stroke();
    }
    if (n > 1) {
      const [first, last] = [this.times[0], this.times[n - 1]];
      g.fillText('now', w - 2, h - 6);
      g.textAlign = 'left';
      g.fillText(`${Math.round((last - first) / 1000)} s ago`, Math.min(x(n - 1), w - 90), h - 6);
    }
    g.lineWidth = 1.6;
    g.lineJoin = 'round';
    for (const [i, name] of names.entries()) {
      g.strokeStyle = colour(`--c${i % maxSeries}`);
      g.beginPath();
      let drawing = false;
      for (const [k, v] of this.series.get(name).entries()) {
        if (Number.isNaN(v)) {
          drawing = false;
          continue;
        }
        if (drawing) g.lineTo(x(n - 1 - k), y(v));
        else g.moveTo(x(n - 1 - k), y(v));
        if (!drawing && (k === n - 1 || Number.isNaN(this.series.get(name)[k + 1]))) g.lineTo(x(n - 1 - k) - 1, y(v)); // a point alone
        drawing = true;
      }
      g.stroke();
    }
    if (this.at !== null && this.at < n) {
      g.strokeStyle = colour('--weak');
      g.lineWidth = 1;
      g.beginPath();
      g.moveTo(x(this.at), 4);
      g.lineTo(x(this.at), h - 20);
      g.stroke();
    }
    this.tell(names, colour);
  }

  // tell writes the legend.
  tell(names, colour) {
    const n = this.times.length;
    const k = n - 1 - Math.min(this.at ?? 0, n - 1);
    const items = names.map((name, i) => {
      const item = document.createElement('li');
      const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
      svg.setAttribute('viewBox', '0 0 10 10');
      const mark = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
      for (const [a, v] of [['width', 10], ['height', 10], ['rx', 2], ['fill', colour(`--c${i % maxSeries}`)]]) mark.setAttribute(a, v);
      svg.append(mark);
      const value = document.createElement('b');
      value.textContent = this.format(this.series.get(name)[k]);
      item.append(svg, `${name} `, value);
      return item;
    });
    const more = this.series.size - names.length;
    if (more > 0) {
      const item = document.createElement('li');
      item.textContent = `and ${more} more`;
      items.push(item);
    }
    if (this.at !== null) {
      const item = document.createElement('li');
      item.textContent = `at ${new Date(this.times[k]).toLocaleTimeString()}`;
      items.push(item);
    }
    this.legend.replaceChildren(...items);
  }
}

// nice returns a round number that is not less.
function nice(v) {
  if (!(v > 0)) return 1;
  const step = 10 ** Math.floor(Math.log10(v));
  return [1, 2, 5, 10].map((f) => f * step).find((top) => top >= v * 0.9999) ?? v;
}
