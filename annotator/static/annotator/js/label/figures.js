// The panel below the traces: bands, spectrogram, map of the scalp. Closed until asked for; Plotly and the worker come with the
// first opening. It follows the cursor once that rests: while the clip plays it waits.

import { themed } from "../figure-theme.js";
import { TIME_MARGIN, bandsFigure, mapFigure, spectrogramFigure } from "./figurespecs.js";
import { FIGURES } from "./figurestrings.js";
import { stackOrder } from "./channels.js";
import { STRINGS } from "./strings.js";

const KEY = "concord:figures";
const REST_MS = 250;
const TIMED = ["bands", "spectrogram"]; // those with a time axis
const REFERENCED = ["recorded", "average", "mastoids", "laplacian"]; // montages of one electrode a row
const OPTIONS = { displayModeBar: false, responsive: true };

export class Figures {
  // view() → { span, shown, bad, cursor_s, origin_s } of what is on screen, or null; onSeek(session_s): somebody pointed at a moment
  constructor({ root, storage, view, onSeek }) {
    Object.assign(this, { root, storage, view, onSeek });
    this.toggle = this.#part("toggle");
    this.body = this.#part("body");
    this.channel = this.#part("channel");
    this.topic = this.#part("topic");
    this.pictures = Object.fromEntries(["bands", "spectrogram", "map"].map((name) => [name, this.#part(name)]));
    this.number = 0;
    this.kept = this.#read();
    if (this.kept.topic) this.topic.value = this.kept.topic;
    this.toggle.addEventListener("click", () => this.#set(!this.isOpen));
    for (const select of [this.channel, this.topic]) select.addEventListener("change", () => this.#chosen());
    document.addEventListener("concord:theme", () => this.#draw());
    this.#set(this.kept.isOpen ?? false);
  }

  get isOpen() {
    return !this.body.hidden;
  }

  // tile: what is on screen; recorded: what it was made of; montage, filters: how
  setTile(tile, { recorded = tile, montage = "recorded", filters = {} } = {}) {
    this.hasTile = Boolean(tile);
    this.tile = tile?.channels[0]?.samples ? tile : null;
    Object.assign(this, { recorded, montage });
    this.isTileSent = false;
    this.#part("of").textContent = this.tile ? ofWhat(montage, filters) : "";
    this.result = null;
    this.#listChannels();
    this.moved();
  }

  // The cursor, the stretch or the channels on screen are others: once they rest, the figures follow.
  moved() {
    clearTimeout(this.resting);
    if (!this.isOpen) return;
    this.root.dataset.state = "waiting";
    this.resting = setTimeout(() => this.#ask(), REST_MS);
    if (this.#hasTurned()) this.turning ??= setTimeout(() => this.#ask(), REST_MS);
  }

  // Another stretch came up while the clip plays: that is not waited out.
  #hasTurned() {
    const span = this.view()?.span;
    return Boolean(span && this.asked && (span.start_s !== this.asked.span.start_s || span.stop_s !== this.asked.span.stop_s));
  }

  // Over the figures with a time axis, without drawing them anew.
  setCursor(cursor_s) {
    if (!this.isOpen || !this.result) return;
    const { span } = this.result;
    const share = (cursor_s - span.start_s) / (span.stop_s - span.start_s);
    for (const name of TIMED) {
      const line = this.pictures[name].querySelector("i");
      line.hidden = share < 0 || share > 1 || this.#parts(name).chart.hidden;
      if (line.hidden) continue;
      const width = this.pictures[name].clientWidth - TIME_MARGIN.l - TIME_MARGIN.r;
      line.style.left = `${(TIME_MARGIN.l + share * width - 1).toFixed(1)}px`;
    }
  }

  #part(name) {
    return this.root.querySelector(`[data-part="${name}"]`);
  }

  #set(isOpen) {
    this.body.hidden = !isOpen;
    this.toggle.setAttribute("aria-expanded", String(isOpen));
    this.root.classList.toggle("is-open", isOpen);
    this.#keep({ isOpen });
    if (!isOpen) return;
    this.#load().then(() => this.moved(), () => this.#note(FIGURES.noLibrary));
  }

  // Once, unless it failed.
  #load() {
    this.worker ??= this.#work();
    this.loading ??= loadScript(this.root.dataset.plotly).catch((error) => {
      this.loading = null;
      throw error;
    });
    return this.loading;
  }

  #work() {
    const worker = new Worker(this.root.dataset.worker, { type: "module" });
    worker.addEventListener("message", ({ data }) => {
      if (data.number !== this.number) return; // something else was asked since
      this.result = { ...data.result, ...this.asked };
      this.#draw();
    });
    return worker;
  }

  #ask() {
    clearTimeout(this.turning);
    this.turning = null;
    const seen = this.view();
    if (!this.worker || !globalThis.Plotly || !seen) return;
    if (!this.tile) return this.#note(this.hasTile ? FIGURES.tooLong : FIGURES.noSamples);
    if (!this.isTileSent) {
      const { sfreq, start_s, channels } = this.tile;
      this.worker.postMessage({ tile: { sfreq, start_s, channels: channels.map(plain), recorded: this.recorded === this.tile ? undefined : this.recorded.channels.map(plain), isReferenced: REFERENCED.includes(this.montage) } });
    }
    this.isTileSent = true;
    this.asked = { origin_s: seen.origin_s, cursor_s: seen.cursor_s, span: seen.span };
    this.number += 1;
    const { span, shown, bad, cursor_s } = seen;
    this.worker.postMessage({ number: this.number, ask: { span, shown, bad, cursor_s, channel: this.channel.value, topic: this.topic.value } });
  }

  #draw() {
    if (!this.isOpen || !this.result || !globalThis.Plotly) return;
    const { bands, spectrogram, map, isGap, ...asked } = this.result;
    this.#picture("bands", bands && bandsFigure(bands, asked), FIGURES.tooShort);
    this.#picture("spectrogram", spectrogram && spectrogramFigure(spectrogram, asked), FIGURES.tooShort);
    this.#picture("map", map && mapFigure(map), isGap ? FIGURES.gap : FIGURES.tooFew);
    this.#part("map-of").textContent = map && !map.isOfRows ? FIGURES.mapOfRecorded : "";
    Object.assign(this.root.dataset, { state: "drawn", cursorS: asked.cursor_s.toFixed(4) });
    this.setCursor(asked.cursor_s);
  }

  #picture(name, figure, otherwise) {
    const { chart, note } = this.#parts(name);
    note.textContent = figure ? "" : otherwise;
    chart.hidden = !figure;
    this.pictures[name].setAttribute("aria-label", figure ? figure.words : otherwise);
    if (!figure) return;
    const layout = themed(figure.layout, (property) => this.#colour(property));
    const shapes = (layout.shapes ?? []).map((shape) => ({ ...shape, line: { color: this.#colour("--ink"), ...shape.line } }));
    globalThis.Plotly.react(chart, figure.data, { ...layout, shapes, font: { ...layout.font, size: 11, family: this.#colour("--font") } }, OPTIONS);
    if (TIMED.includes(name)) this.#listen(chart);
  }

  // A click on a moment goes there.
  #listen(chart) {
    if (chart.dataset.isHeard) return;
    chart.dataset.isHeard = "true";
    chart.on("plotly_click", ({ points: [point] }) => this.onSeek(this.result.origin_s + point.x));
  }

  #colour(property) {
    return getComputedStyle(this.root).getPropertyValue(property).trim();
  }

  #parts(name) {
    return { chart: this.pictures[name].querySelector("div"), note: this.pictures[name].querySelector("p") };
  }

  #note(text) {
    for (const name of Object.keys(this.pictures)) this.#picture(name, null, text);
    this.root.dataset.state = "note";
  }

  #listChannels() {
    const channels = (this.tile?.channels ?? []);
    const names = stackOrder(channels).map((index) => channels[index]).map(({ name }) => name);
    this.channel.replaceChildren(...names.map((name) => Object.assign(document.createElement("option"), { value: name, textContent: name })));
    if (names.includes(this.kept.channel)) this.channel.value = this.kept.channel;
  }

  #chosen() {
    this.#keep({ channel: this.channel.value, topic: this.topic.value });
    this.moved();
  }

  #keep(fields) {
    this.kept = { ...this.kept, ...fields };
    try {
      this.storage.setItem(KEY, JSON.stringify(this.kept));
    } catch {
      // storage is full or off: the choice holds until the page is left
    }
  }

  #read() {
    try {
      return JSON.parse(this.storage.getItem(KEY)) ?? {};
    } catch {
      return {};
    }
  }
}

// What the worker needs of a channel, and can be sent.
function plain({ name, kind, isBad, scale_uv, offset_uv, samples }) {
  return { name, kind, isBad, scale_uv, offset_uv, samples };
}

// "average · HP 1 Hz · LP 40 Hz"
function ofWhat(montage, filters) {
  const used = Object.entries(STRINGS.filterHz).filter(([name]) => filters[name]).map(([name, text]) => text(filters[name]));
  return [STRINGS.montages[montage], ...used].join(" · ");
}

function loadScript(url) {
  if (globalThis.Plotly) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const script = Object.assign(document.createElement("script"), { src: url });
    script.addEventListener("load", resolve);
    script.addEventListener("error", reject);
    document.head.append(script);
  });
}
