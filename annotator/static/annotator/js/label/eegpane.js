// The stack of traces: one canvas for the signals, one on top for the cursor. Draws only when something changed.

import { isAux, regionOf, regionRuns, shortName, sideOf, stackOrder } from "./channels.js";
import { columnBins, columnExtremes, median, niceBelow } from "./minmax.js";
import { STRINGS } from "./strings.js";
import { clamp, timeTicks, visibleSpan } from "./timemap.js";

const GUTTER_PX = 72;
const AXIS_PX = 22;
const TALLEST_GAIN_PX = 64;
const GAINS_UV = [5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 1000];

export class EegPane {
  constructor({ root, signals, overlay, onScrub }) {
    this.root = root;
    this.signals = signals;
    this.overlay = overlay;
    this.onScrub = onScrub;
    this.timebase_s = "clip";
    this.gainIndex = GAINS_UV.indexOf(50);
    this.hidden = new Set();
    this.tile = null;
    this.clip = null;
    this.cursor_s = 0;
    new ResizeObserver(() => this.#resize()).observe(root);
    document.addEventListener("concord:theme", () => this.draw());
    this.#listen();
  }

  get gain_uv() {
    return GAINS_UV[this.gainIndex];
  }

  get rows() {
    return this.tile ? this.order.filter((index) => !this.hidden.has(this.tile.channels[index].name)) : [];
  }

  setClip(clip, tile) {
    this.clip = clip;
    this.tile = tile;
    this.order = tile ? stackOrder(tile.channels) : [];
    this.cursor_s = clip?.start_s ?? 0;
    this.span = null;
    this.draw();
  }

  // A view of one's own choice in place of the time base, { start_s, stop_s }; null goes back to the time base.
  showSpan(span, tile = this.tile) {
    this.chosenSpan = span;
    if (tile !== this.tile) {
      this.tile = tile;
      this.order = tile ? stackOrder(tile.channels) : [];
    }
    this.draw();
  }

  setHidden(names) {
    this.hidden = new Set(names);
    this.draw();
  }

  setTimebase(timebase_s) {
    this.timebase_s = timebase_s;
    this.draw();
  }

  // by +1: taller traces, which is fewer µV a row
  changeGain(by) {
    this.gainIndex = clamp(this.gainIndex - by, 0, GAINS_UV.length - 1);
    this.draw();
  }

  setCursor(session_s) {
    this.cursor_s = session_s;
    if (!this.clip) return;
    const span = this.#spanAt(session_s);
    if (span.start_s !== this.span?.start_s || span.stop_s !== this.span?.stop_s) this.draw();
    else this.#drawCursor();
  }

  draw() {
    if (!this.width || !this.clip) return;
    this.span = this.#spanAt(this.cursor_s);
    this.ink = readInk(this.root);
    const started_ms = performance.now();
    const context = this.#clear(this.signals);
    this.#drawOutside(context);
    this.#drawAxis(context);
    if (this.rows.length) this.#drawTraces(context);
    this.#drawBounds(context);
    if (this.rows.length) this.#drawScale(context);
    if (this.rows.length && this.tile.kind === "envelope") this.#drawNote(context, STRINGS.envelope);
    this.root.dataset.drawMs = (performance.now() - started_ms).toFixed(1);
    Object.assign(this.root.dataset, { rows: this.rows.length, kind: this.tile?.kind ?? "" });
    this.#drawCursor();
  }

  #spanAt(session_s) {
    return this.chosenSpan ?? visibleSpan(this.clip, this.timebase_s, session_s);
  }

  #x(session_s) {
    return GUTTER_PX + ((session_s - this.span.start_s) / (this.span.stop_s - this.span.start_s)) * (this.width - GUTTER_PX);
  }

  // Where on the session's clock a pointer is.
  sessionAt({ clientX }) {
    return this.#sessionAt(clientX - this.root.getBoundingClientRect().left);
  }

  #sessionAt(x) {
    const share = clamp((x - GUTTER_PX) / (this.width - GUTTER_PX), 0, 1);
    return this.span.start_s + share * (this.span.stop_s - this.span.start_s);
  }

  #clear(canvas) {
    const context = canvas.getContext("2d");
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    context.font = `11px ${this.ink?.font ?? "sans-serif"}`;
    context.textBaseline = "middle";
    return context;
  }

  // What lies outside the clip is context: on a sunken ground.
  #drawOutside(context) {
    context.fillStyle = this.ink.sunken;
    const left = clamp(this.#x(this.clip.start_s), GUTTER_PX, this.width);
    const right = clamp(this.#x(this.clip.stop_s), GUTTER_PX, this.width);
    context.fillRect(GUTTER_PX, 0, left - GUTTER_PX, this.height - AXIS_PX);
    context.fillRect(right, 0, this.width - right, this.height - AXIS_PX);
  }

  #drawBounds(context) {
    context.fillStyle = this.ink.ink3;
    for (const bound_s of [this.clip.start_s, this.clip.stop_s]) {
      const x = Math.round(this.#x(bound_s));
      if (x > GUTTER_PX && x < this.width) context.fillRect(x, 0, 1, this.height - AXIS_PX);
    }
  }

  #drawAxis(context) {
    const { step_s, ticks } = timeTicks(this.span, this.clip.start_s, this.width - GUTTER_PX);
    const digits = step_s < 1 ? Math.ceil(-Math.log10(step_s) - 1e-9) : 0;
    const bottom = this.height - AXIS_PX;
    context.textAlign = "center";
    for (const { session_s, relative_s } of ticks) {
      const x = Math.round(this.#x(session_s));
      context.fillStyle = this.ink.line;
      context.fillRect(x, 0, 1, bottom + 4);
      context.fillStyle = this.ink.ink3;
      const text = `${relative_s < -1e-9 ? "−" : ""}${Math.abs(relative_s).toFixed(digits)}`;
      if (x > GUTTER_PX + 8 && x < this.width - 20) context.fillText(text, x, bottom + 13);
    }
    context.fillStyle = this.ink.lineStrong;
    context.fillRect(GUTTER_PX, bottom, this.width - GUTTER_PX, 1);
    context.textAlign = "right";
    context.fillStyle = this.ink.ink3;
    context.fillText("s", this.width - 6, bottom + 13);
  }

  #drawTraces(context) {
    const rows = this.rows;
    this.rowHeight = (this.height - AXIS_PX) / rows.length;
    this.gainHeight = Math.min(this.rowHeight, TALLEST_GAIN_PX); // few channels: more room, not taller traces
    const nColumns = Math.max(1, Math.round((this.width - GUTTER_PX) * this.ratio));
    const first = (this.span.start_s - this.tile.start_s) * this.tile.sfreq;
    const perColumn = ((this.span.stop_s - this.span.start_s) * this.tile.sfreq) / nColumns;
    this.extremes = this.extremes?.length === 2 * nColumns ? this.extremes : new Float32Array(2 * nColumns);
    context.save();
    context.beginPath();
    context.rect(GUTTER_PX, 0, this.width - GUTTER_PX, this.height - AXIS_PX);
    context.clip();
    context.lineWidth = 1;
    context.lineJoin = "round";
    rows.forEach((index, row) => {
      const channel = this.tile.channels[index];
      context.strokeStyle = this.ink[sideOf(channel)];
      context.stroke(this.#tracePath(channel, { row, first, perColumn, nColumns }));
    });
    context.restore();
    this.#drawNames(context, rows);
  }

  #tracePath(channel, { row, first, perColumn, nColumns }) {
    const columns = { first, perColumn, nColumns };
    const baseline = baselineOf(channel, first, first + nColumns * perColumn);
    const middle = (row + 0.5) * this.rowHeight;
    const scale = (channel.scale_uv / this.#rowUv(channel)) * this.gainHeight;
    const path = new Path2D();
    if (channel.samples && perColumn < 1.5) return this.#polyline(path, { samples: channel.samples, baseline, middle, scale, first, perColumn });
    const extremes = channel.samples ? columnExtremes(channel.samples, columns, this.extremes) : columnBins(channel, columns, this.extremes);
    let isDown = false;
    for (let column = 0; column < nColumns; column += 1) {
      const low = extremes[2 * column];
      if (Number.isNaN(low)) {
        isDown = false;
        continue;
      }
      const x = GUTTER_PX + (column + 0.5) / this.ratio;
      const top = middle - (extremes[2 * column + 1] - baseline) * scale;
      if (isDown) path.lineTo(x, top);
      else path.moveTo(x, top);
      path.lineTo(x, middle - (low - baseline) * scale);
      isDown = true;
    }
    return path;
  }

  #polyline(path, { samples, baseline, middle, scale, first, perColumn }) {
    const pxPerSample = 1 / (perColumn * this.ratio);
    const from = Math.max(0, Math.floor(first));
    const to = Math.min(samples.length - 1, Math.ceil(first + (this.width - GUTTER_PX) / pxPerSample));
    for (let i = from; i <= to; i += 1) path.lineTo(GUTTER_PX + (i - first) * pxPerSample, middle - (samples[i] - baseline) * scale);
    return path;
  }

  // Aux channels are of another size (ECG in mV): they get a tenth of the gain.
  #rowUv(channel) {
    return isAux(channel) ? this.gain_uv * 10 : this.gain_uv;
  }

  #drawNames(context, rows) {
    const channels = rows.map((index) => this.tile.channels[index]);
    const every = Math.max(1, Math.ceil(11 / this.rowHeight));
    context.textAlign = "right";
    channels.forEach((channel, row) => {
      if (row % every) return;
      context.fillStyle = this.ink[sideOf(channel)];
      context.fillText(channel.isBad ? `✕ ${shortName(channel).slice(0, 6)}` : shortName(channel).slice(0, 8), GUTTER_PX - 6, (row + 0.5) * this.rowHeight);
    });
    context.textAlign = "left";
    for (const { region, first, count } of regionRuns(channels)) {
      const top = first * this.rowHeight;
      context.fillStyle = this.ink.line;
      if (first) context.fillRect(0, Math.round(top), this.width, 1);
      context.fillStyle = this.ink.ink3;
      context.fillText(STRINGS.regions[region], 6, top + (count * this.rowHeight) / 2);
    }
  }

  // Bottom right: so many µV high, so many seconds wide.
  #drawScale(context) {
    const uv = niceBelow((this.gain_uv * 40) / this.gainHeight);
    const high = (uv / this.gain_uv) * this.gainHeight;
    const seconds = niceBelow((this.span.stop_s - this.span.start_s) / 8);
    const wide = (seconds / (this.span.stop_s - this.span.start_s)) * (this.width - GUTTER_PX);
    const right = this.width - 14;
    const bottom = this.height - AXIS_PX - 12;
    const label = `${uv} µV · ${seconds} s`;
    const labelWidth = context.measureText(label).width;
    context.fillStyle = this.ink.panel;
    context.globalAlpha = 0.88;
    context.fillRect(right - Math.max(wide, labelWidth) - 6, bottom - high - 18, Math.max(wide, labelWidth) + 12, high + 26);
    context.globalAlpha = 1;
    context.fillStyle = this.ink.ink;
    context.fillRect(right - wide, bottom, wide, 2);
    context.fillRect(right - 2, bottom - high, 2, high + 2);
    context.textAlign = "right";
    context.fillText(label, right, bottom - high - 10);
  }

  // Top right: what these traces are, where that isn't plain to see.
  #drawNote(context, text) {
    const wide = context.measureText(text).width + 12;
    context.fillStyle = this.ink.panel;
    context.globalAlpha = 0.88;
    context.fillRect(this.width - wide - 8, 6, wide, 18);
    context.globalAlpha = 1;
    context.fillStyle = this.ink.ink;
    context.textAlign = "right";
    context.fillText(text, this.width - 14, 15);
  }

  #drawCursor() {
    const context = this.#clear(this.overlay);
    this.root.dataset.cursorS = this.cursor_s.toFixed(4);
    const x = this.#x(this.cursor_s);
    if (x < GUTTER_PX - 1 || x > this.width + 1) return;
    context.fillStyle = this.ink.accent;
    context.fillRect(x - 1, 0, 2, this.height - AXIS_PX + 4);
    const text = (this.cursor_s - this.clip.start_s).toFixed(2);
    const wide = context.measureText(text).width + 10;
    const left = clamp(x - wide / 2, GUTTER_PX, this.width - wide);
    context.fillRect(left, this.height - 18, wide, 17);
    context.fillStyle = this.ink.onAccent;
    context.textAlign = "center";
    context.fillText(text.replace("-", "−"), left + wide / 2, this.height - 9);
  }

  #resize() {
    const box = this.root.getBoundingClientRect();
    this.ratio = window.devicePixelRatio || 1;
    this.width = Math.floor(box.width);
    this.height = Math.floor(box.height);
    for (const canvas of [this.signals, this.overlay]) {
      canvas.width = Math.round(this.width * this.ratio);
      canvas.height = Math.round(this.height * this.ratio);
    }
    this.ink = readInk(this.root);
    this.draw();
  }

  #listen() {
    const scrub = (event) => this.clip && this.onScrub(this.sessionAt(event));
    this.overlay.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      this.overlay.setPointerCapture(event.pointerId);
      scrub(event);
    });
    this.overlay.addEventListener("pointermove", (event) => {
      if (this.overlay.hasPointerCapture(event.pointerId)) scrub(event);
    });
    this.overlay.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.shiftKey) return; // plain scrolling stays the page's
      event.preventDefault();
      this.changeGain(event.deltaY < 0 ? 1 : -1);
    }, { passive: false });
  }
}

export function auxNames(tile) {
  return tile.channels.filter((channel) => regionOf(channel) === "aux").map((channel) => channel.name);
}

// What a trace swings around within samples or bins [from, to).
function baselineOf(channel, from, to) {
  if (channel.samples) return median(channel.samples, from, to);
  return (median(channel.low, from, to) + median(channel.high, from, to)) / 2;
}

function readInk(element) {
  const style = getComputedStyle(element);
  const value = (name) => style.getPropertyValue(name).trim();
  return {
    font: value("--font"), panel: value("--panel"), sunken: value("--sunken"), line: value("--line"), lineStrong: value("--line-strong"),
    ink: value("--ink"), ink3: value("--ink-3"), accent: value("--accent"), onAccent: value("--on-accent"),
    left: value("--data-left"), right: value("--data-right"), mid: value("--data-mid"), aux: value("--data-aux"),
  };
}
