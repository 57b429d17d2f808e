// The whole session in one bar: quality clip by clip, trials, labels, what was not recorded, the stretch on screen and the cursor.
// It is a slider: arrows go from clip to clip, and the line below says in words what lies there.

import { timeTicks } from "../label/timemap.js";
import { readColours } from "./colours.js";
import { TALL_ROWS, plotHeight } from "./overviewrows.js";
import { momentText, neighbour } from "./words.js";

const GUTTER_PX = 72;
const LEAST_TEXT_PX = 11;

export class Overview {
  // hands: onSeek(session_s), onPan(seconds), onZoom(factor, session_s)
  constructor({ root, canvas, said, figure, hands, rows = TALL_ROWS }) {
    Object.assign(this, { root, canvas, said, hands });
    this.setFigure(figure, rows);
    new ResizeObserver(() => this.#resize()).observe(root);
    document.addEventListener("concord:theme", () => this.draw());
    this.#listen();
  }

  // Another session.
  setFigure(figure, rows = TALL_ROWS) {
    Object.assign(this, { figure, rows, row: Object.fromEntries(rows.map((row) => [row.key, row])), plotPx: plotHeight(rows) });
    this.bounds = { start_s: figure.first_s, stop_s: figure.last_s };
    this.span = this.bounds;
    this.cursor_s = figure.first_s;
    this.root.setAttribute("aria-valuemin", figure.first_s.toFixed(2));
    this.root.setAttribute("aria-valuemax", figure.last_s.toFixed(2));
    this.draw();
  }

  show({ span = this.span, cursor_s = this.cursor_s }) {
    const hasMoved = span !== this.span || Math.abs(this.#x(cursor_s) - this.#x(this.cursor_s)) >= 0.5;
    this.span = span;
    this.cursor_s = cursor_s;
    if (!this.isHovered) this.#say(cursor_s);
    if (hasMoved) this.draw();
  }

  draw() {
    if (!this.width) return;
    this.colours = readColours(this.root);
    const context = this.canvas.getContext("2d");
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    context.font = `11px ${this.colours.font}`;
    context.textBaseline = "middle";
    this.context = context;
    this.#drawNames();
    this.#drawGaps();
    for (const clip of this.figure.clips) this.#drawClip(clip);
    for (const trial of this.figure.trials) this.#drawTrial(trial);
    this.#drawAxis();
    this.#drawSpan();
  }

  #x(session_s) {
    return GUTTER_PX + ((session_s - this.bounds.start_s) / (this.bounds.stop_s - this.bounds.start_s)) * (this.width - GUTTER_PX - 1);
  }

  #at(event) {
    const share = (event.clientX - this.root.getBoundingClientRect().left - GUTTER_PX) / (this.width - GUTTER_PX - 1);
    return this.bounds.start_s + Math.min(Math.max(share, 0), 1) * (this.bounds.stop_s - this.bounds.start_s);
  }

  #drawNames() {
    this.context.textAlign = "right";
    this.context.fillStyle = this.colours.ink3;
    for (const { name, top, height } of this.rows) {
      this.context.fillText(name, GUTTER_PX - 8, top + height / 2);
      this.context.fillStyle = this.colours.sunken;
      this.context.fillRect(GUTTER_PX, top, this.width - GUTTER_PX, height);
      this.context.fillStyle = this.colours.ink3;
    }
  }

  // Strokes across: not recorded.
  #drawGaps() {
    for (const { stream, start_s, stop_s } of this.figure.gaps) {
      const { top, height } = this.row[stream];
      this.#hatch(this.#x(start_s), top, Math.max(2, this.#x(stop_s) - this.#x(start_s)), height);
    }
  }

  #hatch(left, top, width, height) {
    const { context } = this;
    context.save();
    context.beginPath();
    context.rect(left, top, width, height);
    context.clip();
    context.strokeStyle = this.colours.lineStrong;
    context.beginPath();
    for (let x = left - height; x < left + width; x += 6) {
      context.moveTo(x, top + height);
      context.lineTo(x + height, top);
    }
    context.stroke();
    context.restore();
  }

  #drawClip(clip) {
    const left = this.#x(clip.start_s);
    const width = Math.max(1, this.#x(clip.stop_s) - left - (this.#isDense() ? 0 : 1));
    if (clip.has_eeg) this.#drawQuality(this.row.eeg, left, width, clip.eeg);
    if (clip.has_face) this.#drawQuality(this.row.face, left, width, clip.face);
    if (this.row.labels) this.#drawLabels(left, width, clip.n_labels);
  }

  #isDense() {
    return this.figure.clips.length > (this.width - GUTTER_PX) / 4;
  }

  // The bar's height is the quality; a poor one has a cap at the top as well as another colour.
  #drawQuality({ top, height }, left, width, quality) {
    const { context, colours } = this;
    if (quality === null) {
      context.strokeStyle = colours.lineStrong;
      context.strokeRect(left + 0.5, top + 0.5, Math.max(1, width - 1), height - 1);
      return;
    }
    const isPoor = quality < this.figure.poor;
    const tall = Math.max(2, Math.round(quality * height));
    context.fillStyle = isPoor ? colours.right : colours.good;
    context.fillRect(left, top + height - tall, width, tall);
    if (isPoor) context.fillRect(left, top, width, 2);
  }

  #drawLabels(left, width, n) {
    const { context, colours } = this;
    const { top, height } = this.row.labels;
    if (!n) {
      context.fillStyle = colours.line;
      context.fillRect(left, top + height / 2, width, 1);
      return;
    }
    context.fillStyle = colours.accent;
    context.fillRect(left, top, width, height);
    if (width < 9) return;
    context.textAlign = "center";
    context.fillStyle = colours.onAccent;
    context.fillText(String(n), left + width / 2, top + height / 2 + 0.5);
  }

  #drawTrial({ number, start_s, stop_s }) {
    const { context, colours } = this;
    const { top, height } = this.row.trials;
    const left = this.#x(start_s);
    const width = Math.max(2, this.#x(stop_s) - left - 1);
    context.fillStyle = colours.panel;
    context.strokeStyle = colours.lineStrong;
    context.fillRect(left, top, width, height);
    context.strokeRect(left + 0.5, top + 0.5, width - 1, height - 1);
    if (width < 18 || height < LEAST_TEXT_PX) return;
    context.textAlign = "center";
    context.fillStyle = colours.ink2;
    context.fillText(String(number), left + width / 2, top + height / 2 + 0.5);
  }

  #drawAxis() {
    const { context, colours } = this;
    const { step_s, ticks } = timeTicks(this.bounds, 0, this.width - GUTTER_PX, 64);
    context.fillStyle = colours.ink3;
    for (const { session_s } of ticks) {
      const x = Math.round(this.#x(session_s));
      context.fillRect(x, this.plotPx, 1, 4);
      context.textAlign = x > this.width - 24 ? "right" : x < GUTTER_PX + 12 ? "left" : "center";
      context.fillText(tickText(session_s, step_s), x, this.plotPx + 12);
    }
  }

  #drawSpan() {
    const { context, colours } = this;
    const left = Math.floor(this.#x(this.span.start_s));
    const width = Math.max(4, Math.ceil(this.#x(this.span.stop_s)) - left);
    context.fillStyle = colours.accent;
    context.globalAlpha = 0.14;
    context.fillRect(left, 1, width, this.plotPx - 2);
    context.globalAlpha = 1;
    context.strokeStyle = colours.accent;
    context.lineWidth = 1.5;
    context.strokeRect(left + 0.75, 1.75, width - 1.5, this.plotPx - 3.5);
    context.lineWidth = 1;
    context.fillStyle = colours.ink;
    context.fillRect(Math.round(this.#x(this.cursor_s)) - 1, 0, 2, this.plotPx + 3);
  }

  #resize() {
    const box = this.root.getBoundingClientRect();
    this.ratio = window.devicePixelRatio || 1;
    this.width = Math.floor(box.width);
    this.height = Math.floor(box.height);
    this.canvas.width = Math.round(this.width * this.ratio);
    this.canvas.height = Math.round(this.height * this.ratio);
    this.draw();
  }

  #say(session_s) {
    const text = momentText(this.figure, session_s);
    if (this.said.textContent === text) return;
    this.said.textContent = text;
    this.root.setAttribute("aria-valuenow", session_s.toFixed(2));
    this.root.setAttribute("aria-valuetext", text);
  }

  #listen() {
    const { root, hands } = this;
    root.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      root.setPointerCapture(event.pointerId);
      hands.onSeek(this.#at(event));
    });
    root.addEventListener("pointermove", (event) => {
      this.isHovered = true;
      this.#say(this.#at(event));
      if (root.hasPointerCapture(event.pointerId)) hands.onSeek(this.#at(event));
    });
    root.addEventListener("pointerleave", () => {
      this.isHovered = false;
      this.#say(this.cursor_s);
    });
    root.addEventListener("keydown", (event) => this.#key(event));
  }

  #key(event) {
    const { clips } = this.figure;
    const length_s = this.span.stop_s - this.span.start_s;
    const targets = {
      ArrowLeft: () => neighbour(clips, this.cursor_s, -1) ?? this.bounds.start_s,
      ArrowRight: () => neighbour(clips, this.cursor_s, 1) ?? this.bounds.stop_s,
      PageUp: () => this.cursor_s - length_s,
      PageDown: () => this.cursor_s + length_s,
      Home: () => this.bounds.start_s,
      End: () => this.bounds.stop_s,
    };
    if (!targets[event.key] || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    this.isHovered = false;
    this.hands.onSeek(targets[event.key]());
  }
}

// 65 → "1:05"; with tenths where the ticks are that close.
function tickText(session_s, step_s) {
  const sign = session_s < -1e-9 ? "−" : "";
  const seconds = Math.abs(session_s);
  if (step_s < 1) return `${sign}${seconds.toFixed(1)}`;
  const whole = Math.round(seconds);
  return `${sign}${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
