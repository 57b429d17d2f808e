// The stack of traces: one canvas for the signals, one on top for what moves. The signals are drawn anew only when something about them
// changed, at most once a frame of the screen; while only the cursor moves, only the upper canvas is.

import { arranged } from "../eeg/arrange.js";
import { Gestures, wheelAction } from "../eeg/gestures.js";
import { inOrder } from "../eeg/marks.js";
import { measured, measuredText, microvolts, valueAt } from "../eeg/measure.js";
import { paintOverlay } from "../eeg/overlay.js";
import { AXIS_PX, GUTTER_PX, Painter } from "../eeg/painter.js";
import { STRINGS } from "./strings.js";
import { clamp } from "./timemap.js";

const GAINS_UV = [5, 10, 20, 30, 50, 75, 100, 150, 200, 300, 500, 1000];
const GAINS_SD = [1, 2, 3, 4, 6, 8, 12, 16, 24];
const LEAST_ROW_PX = 8; // rows that would be lower are scrolled
const NO_HANDS = { onPan() {}, onZoom() {}, onGain() {}, onToggle() {} };

export class EegPane {
  // onScrub(session_s): somebody pointed at a moment; hands: onPan(seconds), onZoom(factor, at_s), onGain(by), onToggle(row's name)
  constructor({ root, signals, overlay, onScrub, hands = NO_HANDS }) {
    Object.assign(this, { root, signals, overlay, onScrub, hands });
    this.gains = { uv: GAINS_UV.indexOf(50), sd: GAINS_SD.indexOf(6) };
    this.options = { order: "region", isZ: false, isClipped: false, nRows: 0 };
    this.hidden = new Set();
    this.marks = [];
    this.isMeasuring = false;
    this.onMarkRange = null; // (start_s, stop_s): shift and drag chooses a stretch for whoever listens
    this.painter = new Painter();
    this.#forget();
    this.hover = this.#readOut("pane-hover");
    this.said = this.#readOut("pane-measure");
    this.said.setAttribute("role", "status");
    new ResizeObserver(() => this.#resize()).observe(root);
    document.addEventListener("concord:theme", () => this.#readInk());
    this.#listen();
  }

  #forget() {
    Object.assign(this, { tile: null, clip: null, span: null, cursor_s: 0, places: [], firstRow: 0, focusRow: null, ruler: null, range: null, note: "" });
  }

  // ---- what is shown

  setClip(clip, tile = null) {
    this.#forget();
    this.clip = clip;
    this.cursor_s = clip?.start_s ?? 0;
    this.#tellRuler();
    this.#say("");
    if (tile) this.showTile(tile);
    this.draw();
  }

  showTile(tile, note = "") {
    this.tile = tile;
    this.note = note;
    this.#arrange();
    if (this.pointed) this.#hoverAt(this.pointed); // under a hand that rests there are other values now
  }

  // { start_s, stop_s } of the session
  showSpan(span) {
    this.span = span;
    this.draw();
  }

  setHidden(names) {
    this.hidden = new Set(names);
    this.#arrange();
  }

  // order, isZ: each row by its own standard deviation, isClipped: rows cut at their band, nRows: so many on screen (0: as many as fit)
  setOptions(options) {
    this.options = { ...this.options, ...options };
    this.#arrange();
  }

  // [{ start_s, stop_s?, kind, text }]
  setMarks(marks) {
    this.marks = inOrder(marks);
    this.draw();
  }

  setCursor(session_s) {
    this.cursor_s = session_s;
    if (this.ruler?.isOpen) this.#rule({ ...this.ruler, other_s: session_s });
    this.#drawOverlay();
  }

  #arrange() {
    const channels = this.tile?.channels ?? [];
    this.places = arranged(channels, this.options.order).filter(({ index }) => !this.hidden.has(channels[index].name));
    this.firstRow = clamp(this.firstRow, 0, this.#lastFirstRow());
    if (this.focusRow !== null) this.focusRow = clamp(this.focusRow, 0, Math.max(0, this.places.length - 1));
    if (this.ruler) this.#rule(this.ruler);
    this.draw();
  }

  // ---- gain

  get gain() {
    return this.options.isZ ? GAINS_SD[this.gains.sd] : GAINS_UV[this.gains.uv];
  }

  get gainText() {
    return this.options.isZ ? STRINGS.deviations(this.gain) : STRINGS.gain(this.gain);
  }

  // by +1: taller traces, which is fewer µV a row
  changeGain(by) {
    const [name, gains] = this.options.isZ ? ["sd", GAINS_SD] : ["uv", GAINS_UV];
    this.gains[name] = clamp(this.gains[name] - by, 0, gains.length - 1);
    this.draw();
  }

  // ---- rows

  get plotHeight() {
    return Math.max(1, (this.height ?? 0) - AXIS_PX);
  }

  get rowsThatFit() {
    const most = Math.max(1, Math.floor(this.plotHeight / LEAST_ROW_PX));
    return Math.max(1, Math.min(this.places.length, this.options.nRows || most, most));
  }

  get rowHeight() {
    return this.plotHeight / this.rowsThatFit;
  }

  // Those on screen.
  get shown() {
    return this.places.slice(this.firstRow, this.firstRow + this.rowsThatFit);
  }

  #lastFirstRow() {
    return Math.max(0, this.places.length - this.rowsThatFit);
  }

  // false where there is nothing to scroll
  scrollRows(by) {
    const first = clamp(this.firstRow + by, 0, this.#lastFirstRow());
    if (this.#lastFirstRow() === 0) return false;
    this.firstRow = first;
    this.draw();
    return true;
  }

  #channelAt(y) {
    const place = this.shown[Math.floor(y / this.rowHeight)];
    return place ? this.tile.channels[place.index] : null;
  }

  // ---- drawing

  // At the next frame of the screen; asked for any number of times before it, drawn once.
  draw() {
    this.pending ??= requestAnimationFrame(() => this.#paint());
  }

  // Once what is to be seen is drawn.
  painted() {
    this.draw();
    return new Promise((resolve) => { this.tellPainted = resolve; });
  }

  #paint() {
    cancelAnimationFrame(this.pending); // this is what was asked for
    this.pending = null;
    if (!this.width || !this.clip || !this.span) return;
    const started_ms = performance.now();
    const { nMarks } = this.painter.paint(this.#view(this.signals, { places: this.shown }));
    this.root.dataset.drawMs = (performance.now() - started_ms).toFixed(1);
    this.nDrawn = (this.nDrawn ?? 0) + 1;
    const { order, isZ, isClipped } = this.options;
    const names = this.shown.map(({ index }) => this.tile.channels[index].name).join(" ");
    Object.assign(this.root.dataset, {
      rows: this.shown.length, kind: this.tile?.kind ?? "", glance: Boolean(this.tile?.isGlance), names, order, unit: isZ ? "SD" : "µV", clipped: isClipped, gain: this.gainText,
      startS: this.span.start_s.toFixed(4), stopS: this.span.stop_s.toFixed(4), firstRow: this.firstRow, marks: nMarks, draws: this.nDrawn, note: this.note,
    });
    this.#drawOverlay();
    this.tellPainted?.();
  }

  #drawOverlay() {
    this.root.dataset.cursorS = this.cursor_s.toFixed(4);
    if (!this.width || !this.clip || !this.span) return;
    const ruler = this.ruler && { from_s: this.ruler.one_s, to_s: this.ruler.other_s, row: this.#rowOf(this.ruler.name), rowHeight: this.rowHeight };
    paintOverlay(this.#view(this.overlay, { cursor_s: this.cursor_s, ruler, range: this.range }));
  }

  #view(canvas, more) {
    const { ratio, width, height, ink, tile, clip, span, rowHeight, gain, marks, note } = this;
    const focusRow = this.focusRow === null ? null : this.focusRow - this.firstRow;
    const isZ = this.options.isZ && tile?.kind !== "envelope";
    return {
      context: canvas.getContext("2d"), ratio, width, height, ink, tile, clip, span, rowHeight, marks, note, focusRow: focusRow >= 0 ? focusRow : null,
      gain: isZ || !this.options.isZ ? gain : GAINS_UV[this.gains.uv], isZ, isClipped: this.options.isClipped, ...more,
    };
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
    this.#readInk();
    this.firstRow = clamp(this.firstRow, 0, this.#lastFirstRow());
    this.#paint(); // a canvas that changed its size is empty: at once, so that nothing flickers
  }

  #readInk() {
    this.ink = readInk(this.root);
    this.draw();
  }

  // ---- where a pointer is

  #x({ clientX }) {
    return clientX - this.root.getBoundingClientRect().left;
  }

  #y({ clientY }) {
    return clientY - this.root.getBoundingClientRect().top;
  }

  // On the session's clock.
  sessionAt(event) {
    return this.#sessionAt(this.#x(event));
  }

  #sessionAt(x) {
    const share = clamp((x - GUTTER_PX) / (this.width - GUTTER_PX), 0, 1);
    return this.span.start_s + share * (this.span.stop_s - this.span.start_s);
  }

  #secondsIn(px) {
    return (px / Math.max(1, this.width - GUTTER_PX)) * (this.span.stop_s - this.span.start_s);
  }

  #zoneAt(x, y) {
    if (y > this.plotHeight) return "axis";
    return x < GUTTER_PX ? "gutter" : "plot";
  }

  // ---- measuring: { one_s, other_s, name of the row, isOpen: the other end follows the cursor }

  // By key: the first puts an end at the cursor, the second the other, the third takes both away.
  stepRuler() {
    if (!this.ruler) this.#rule({ one_s: this.cursor_s, other_s: this.cursor_s, name: this.#focusName(), isOpen: true });
    else if (this.ruler.isOpen) this.#rule({ ...this.ruler, isOpen: false });
    else this.#rule(null);
  }

  #focusName() {
    const place = this.places[this.focusRow ?? this.firstRow];
    return place ? this.tile.channels[place.index].name : "";
  }

  // Whether a plain drag, or a finger, measures; once it doesn't, the ruler goes.
  setMeasuring(isMeasuring) {
    this.isMeasuring = isMeasuring;
    if (!isMeasuring) this.#rule(null);
  }

  #rule(ruler) {
    this.ruler = ruler;
    this.#tellRuler();
    this.#drawOverlay();
  }

  #tellRuler() {
    const { ruler, tile } = this;
    const channel = tile?.channels.find(({ name }) => name === ruler?.name);
    this.said.textContent = ruler ? measuredText(measured(tile ?? {}, channel, ruler.one_s, ruler.other_s)) : "";
    this.said.hidden = !ruler;
  }

  #rowOf(name) {
    const row = this.shown.findIndex(({ index }) => this.tile.channels[index].name === name);
    return row < 0 ? null : row;
  }

  // ---- read-outs

  #readOut(id) {
    const line = Object.assign(document.createElement("p"), { id, className: "pane-readout", hidden: true });
    line.dataset.testid = id;
    this.root.append(line);
    return line;
  }

  // Channel, time and value under a resting mouse; it keeps out of the pointer's way.
  #hoverAt(event) {
    const [x, y] = [this.#x(event), this.#y(event)];
    this.overlay.dataset.zone = this.#zoneAt(x, y);
    const channel = this.#zoneAt(x, y) === "plot" && this.tile && this.span ? this.#channelAt(y) : null;
    this.hover.removeAttribute("aria-live");
    this.#say(channel ? this.#textAt(channel, this.#sessionAt(x)) : "");
    this.hover.classList.toggle("is-aside", y < 40 && x < this.width / 2);
  }

  #textAt(channel, session_s) {
    const value = valueAt(this.tile, channel, session_s);
    const relative_s = session_s - this.clip.start_s;
    const parts = [channel.name, `${relative_s.toFixed(3).replace("-", "−")} s`];
    return [...parts, ...(value === null ? [] : [microvolts(value)])].join(" · ");
  }

  #say(text) {
    this.hover.textContent = text;
    this.hover.hidden = !text;
  }

  // ---- hands

  #listen() {
    const { overlay } = this;
    this.gestures = new Gestures({ zoneAt: (x, y) => this.#zoneAt(x, y), acts: this.#acts(), canRange: () => Boolean(this.onMarkRange), isArmed: () => this.isMeasuring });
    const place = (event) => ({ id: event.pointerId, type: event.pointerType, x: this.#x(event), y: this.#y(event), alt: event.altKey, shift: event.shiftKey });
    overlay.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !this.span) return;
      overlay.setPointerCapture(event.pointerId);
      this.gestures.down(place(event));
    });
    overlay.addEventListener("pointermove", (event) => {
      if (overlay.hasPointerCapture(event.pointerId)) this.gestures.move(place(event));
      else if (event.pointerType === "mouse") this.#hoverAt((this.pointed = { clientX: event.clientX, clientY: event.clientY }));
    });
    overlay.addEventListener("pointerup", (event) => this.gestures.up(place(event)));
    overlay.addEventListener("pointercancel", () => this.gestures.cancel());
    overlay.addEventListener("pointerleave", () => {
      this.pointed = null;
      this.#say("");
    });
    overlay.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    if (this.root.dataset.rowKeys !== undefined) this.root.addEventListener("keydown", (event) => this.#key(event));
  }

  #acts() {
    let rowsLeft = 0; // parts of a row that the hand has moved over so far
    return {
      seek: ({ x }) => this.clip && this.onScrub(this.#sessionAt(x)),
      pan: ({ dx }) => this.hands.onPan(-this.#secondsIn(dx)),
      zoom: ({ factor, x }) => this.hands.onZoom(factor, this.#sessionAt(x)),
      stack: ({ dy }) => {
        rowsLeft += dy / this.rowHeight;
        const whole = Math.trunc(rowsLeft);
        rowsLeft -= whole;
        if (whole) this.scrollRows(whole);
      },
      toggle: ({ y }) => {
        const channel = this.#channelAt(y);
        if (channel) this.hands.onToggle(channel.name);
      },
      measure: ({ from, to, y, isDone }) => this.#measure({ from, to, y, isDone }),
      range: ({ from, to, isDone }) => this.#chooseRange(from, to, isDone),
    };
  }

  #measure({ from, to, y, isDone }) {
    const isPoint = isDone && Math.abs(to - from) < 2; // a click with alt takes the cursors away
    const name = this.#channelAt(y)?.name ?? "";
    this.#rule(isPoint ? null : { one_s: this.#sessionAt(from), other_s: this.#sessionAt(to), name, isOpen: false });
  }

  #chooseRange(from, to, isDone) {
    const [start_s, stop_s] = [from, to].map((x) => this.#sessionAt(x)).sort((a, b) => a - b);
    this.range = isDone ? null : { from_s: start_s, to_s: stop_s };
    this.#drawOverlay();
    if (isDone && stop_s > start_s) this.onMarkRange?.(start_s, stop_s);
  }

  #wheel(event) {
    const action = this.span && wheelAction(event);
    if (!action) return;
    const rows = Math.sign(action.dy) * Math.max(1, Math.round(Math.abs(action.dy) / 60));
    const acts = {
      zoom: () => this.hands.onZoom(action.factor, this.sessionAt(event)),
      pan: () => this.hands.onPan(this.#secondsIn(action.dx)),
      gain: () => this.hands.onGain(action.by),
      stack: () => this.scrollRows(rows),
    };
    // where the rows fit, a plain wheel stays the page's
    if (acts[action.name]() !== false) event.preventDefault();
  }

  // With the pane in focus: up and down choose a row, Page up and down scroll the rows, H hides the chosen one.
  #key(event) {
    if (event.target !== this.root || event.ctrlKey || event.altKey || event.metaKey || !this.places.length) return;
    const acts = {
      ArrowUp: () => this.#focus(-1),
      ArrowDown: () => this.#focus(1),
      PageUp: () => this.scrollRows(-this.rowsThatFit),
      PageDown: () => this.scrollRows(this.rowsThatFit),
      h: () => this.focusRow !== null && this.hands.onToggle(this.#focusName()),
    };
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act) return;
    event.preventDefault();
    act();
  }

  #focus(by) {
    this.focusRow = this.focusRow === null ? this.firstRow : clamp(this.focusRow + by, 0, this.places.length - 1);
    if (this.focusRow < this.firstRow) this.scrollRows(this.focusRow - this.firstRow);
    const below = this.focusRow - (this.firstRow + this.rowsThatFit - 1);
    if (below > 0) this.scrollRows(below);
    this.root.dataset.focusRow = this.#focusName();
    this.hover.setAttribute("aria-live", "polite");
    this.#say(this.#textAt(this.tile.channels[this.places[this.focusRow].index], this.cursor_s));
    if (this.ruler?.isOpen) this.#rule({ ...this.ruler, name: this.#focusName() });
    this.draw();
  }
}

function readInk(element) {
  const style = getComputedStyle(element);
  const value = (name) => style.getPropertyValue(name).trim();
  return {
    font: value("--font"), panel: value("--panel"), sunken: value("--sunken"), line: value("--line"), lineStrong: value("--line-strong"),
    ink: value("--ink"), ink2: value("--ink-2"), ink3: value("--ink-3"), accent: value("--accent"), accentSoft: value("--accent-soft"),
    onAccent: value("--on-accent"), info: value("--info"), bad: value("--bad"),
    left: value("--data-left"), right: value("--data-right"), mid: value("--data-mid"), aux: value("--data-aux"),
  };
}
