// The traces of a stretch of a session with the tools above them: brings what is on screen, re-referenced and filtered as somebody
// likes it. The label page opens one clip after another in it, the session's pages one session.

import { ChannelMenu } from "../label/channelmenu.js";
import { EegPane } from "../label/eegpane.js";
import { STRINGS } from "../label/strings.js";
import { OFF, isFiltering, padOf, sectionsFor } from "./filters.js";
import { TraceLoader } from "./loader.js";
import { montageOf, offeredMontages } from "./montage.js";
import { TracePreferences } from "./preferences.js";
import { Processor } from "./processor.js";
import { TraceTools } from "./tools.js";
import { centred, following, lengthOf, panned, zoomed } from "./viewport.js";

const PAGE_SHARE = 0.9;
const nothing = () => {};
const el = (id) => document.getElementById(id);

export class Traces {
  // onScrub(session_s): somebody pointed at the traces; onView(span): another stretch is on screen;
  // onTrouble(error or null): the traces could not be loaded; onTile(tile): other samples are here, as recorded;
  // onShown(tile, { recorded, montage, filters }): this is what is drawn of them;
  // onHidden(): other channels are shown; channelTool(channel): what stands beside a recorded channel in the menu, or null
  constructor({ storage, user, study, onScrub, onView = nothing, onTrouble = nothing, onTile = nothing, onShown = nothing, onHidden = nothing, channelTool = () => null }) {
    Object.assign(this, { onView, onTrouble, onTile, onShown });
    this.likes = new TracePreferences({ storage, user, study });
    this.processor = new Processor({ open: () => new Worker(el("pane").dataset.worker, { type: "module" }) });
    this.pane = new EegPane({
      root: el("pane"), signals: el("signals"), overlay: el("overlay"), onScrub,
      hands: {
        onPan: (seconds) => this.pan(seconds), onZoom: (factor, at_s) => this.zoom(factor, at_s), onGain: (by) => this.changeGain(by),
        onToggle: (name) => this.channels.hide(name),
      },
    });
    this.channels = new ChannelMenu({
      list: el("channels-list"), count: el("channels-count"), all: el("channels-all"), none: el("channels-none"), storage,
      button: el("channels-button"), panel: el("channels-panel"),
      onChange: (hidden) => {
        this.pane.setHidden(hidden);
        onHidden();
      },
      tool: (channel) => (this.#isRecorded(channel) ? channelTool(channel) : null),
    });
    this.tools = new TraceTools({ root: el("trace-tools"), traces: this });
    this.#reset();
    this.pane.setOptions(this.#paneOptions());
    this.tools.show();
  }

  #reset() {
    this.loader?.close();
    this.processor.forget();
    Object.assign(this, { loader: null, raw: null, home: null, isAtHome: false, isFetching: false, topRate: 0, cursor_s: 0, rowNames: "" });
  }

  // What is done once other rows are shown; the sync page chooses its own.
  onChannels(channels) {
    this.channels.setChannels(channels);
  }

  // ---- what is looked at

  // clip: what is not on a sunken ground; bounds: what may be seen; homeOf(time base): where the view begins and comes back to, the time
  // base being "clip" or what somebody chose, which is kept for the next clip if keepsTimebase; recorded, url: where samples can be had
  // (url null: nowhere); bad: names of bad channels
  open({ clip, bounds, homeOf, keepsTimebase = false, recorded, url, bad = [] }) {
    this.#reset();
    Object.assign(this, { bounds, homeOf, keepsTimebase, bad: new Set(bad), isAtHome: true });
    this.home = homeOf(this.values.timebase);
    this.pane.setClip(clip);
    this.channels.setChannels([]);
    if (url) {
      this.loader = new TraceLoader({ url, recorded, onTile: (tile) => this.#arrived(tile), onTrouble: (error) => this.onTrouble(error) });
      this.loader.pad_s = this.#pad_s;
    }
    this.tools.setBounds(bounds);
    this.#setSpan(this.home);
  }

  // A tile of this stretch that is here already, { start_s, stop_s }.
  take(stretch, tile) {
    this.loader.hold(stretch, tile);
    this.#arrived(tile);
    this.#want();
  }

  // Once it is known that no tile comes from elsewhere, or when the last try failed.
  load() {
    this.isFetching = true;
    this.#want();
  }

  #arrived(tile) {
    this.isFetching = true;
    this.raw = { ...this.#marked(tile), isGlance: Boolean(this.loader?.isGlance) };
    if (tile.kind !== "envelope") this.topRate = Math.max(this.topRate, tile.sfreq);
    this.onTile(tile);
    this.#apply();
  }

  #marked(tile) {
    return { ...tile, channels: tile.channels.map((channel) => ({ ...channel, isBad: this.bad.has(channel.name) })) };
  }

  // Names of the channels that are bad from now on: they leave averages at once.
  setBad(names) {
    const isSame = names.length === this.bad.size && names.every((name) => this.bad.has(name));
    this.bad = new Set(names);
    if (!this.raw || isSame) return;
    this.raw = this.#marked(this.raw);
    this.#apply();
  }

  // A row of a montage is none.
  #isRecorded({ name }) {
    return Boolean(this.raw?.channels.some((channel) => channel.name === name));
  }

  // ---- the stretch on screen

  #setSpan(span) {
    this.span = span;
    this.pane.showSpan(span);
    this.#want();
    this.tools.showSpan(span, this.isAtHome);
    this.onView(span);
  }

  #want() {
    if (this.isFetching) this.loader?.want(this.span, Math.max(200, el("pane").clientWidth) * (window.devicePixelRatio || 1));
  }

  // Where somebody took it: there it stays until the cursor leaves it.
  moveTo(span) {
    if (!this.home) return;
    this.isAtHome = false;
    this.#setSpan(span);
  }

  goHome() {
    if (!this.home) return;
    this.isAtHome = true;
    this.#setSpan(this.home);
  }

  // "clip" or so many seconds
  setTimebase(timebase) {
    if (!this.keepsTimebase) return this.zoom(timebase / lengthOf(this.span));
    this.likes.set({ timebase });
    this.home = this.homeOf(timebase);
    if (this.cursor_s >= this.home.start_s && this.cursor_s <= this.home.stop_s) this.goHome();
    else this.zoom(lengthOf(this.home) / lengthOf(this.span));
  }

  // Zooms where the cursor is, or in the middle.
  zoom(factor, at_s = this.cursor_s) {
    const isInView = at_s >= this.span.start_s && at_s <= this.span.stop_s;
    this.moveTo(zoomed(this.span, factor, isInView ? at_s : (this.span.start_s + this.span.stop_s) / 2, this.bounds));
  }

  whole() {
    this.moveTo(this.bounds);
  }

  page(by) {
    this.pan(by * PAGE_SHARE * lengthOf(this.span));
  }

  pan(by_s) {
    this.moveTo(panned(this.span, by_s, this.bounds));
  }

  centreOn(session_s) {
    this.moveTo(centred(this.span, session_s, this.bounds));
  }

  setCursor(session_s, { isPlaying = false } = {}) {
    const hasMoved = session_s !== this.cursor_s;
    this.cursor_s = session_s;
    if (hasMoved && this.home) this.#follow(isPlaying);
    this.pane.setCursor(session_s);
  }

  #follow(isPlaying) {
    const isHome = this.cursor_s >= this.home.start_s && this.cursor_s <= this.home.stop_s;
    const span = this.isAtHome && isHome ? this.home : following(this.span, this.cursor_s, this.bounds, { isPlaying });
    if (span !== this.span) this.#setSpan(span);
  }

  // ---- how it is shown

  get values() {
    return this.likes.values;
  }

  get #filters() {
    return this.values.areFiltersOn ? this.values.filters : OFF;
  }

  get #pad_s() {
    return isFiltering(this.#filters) ? padOf(this.#filters) : 0;
  }

  // The clip from end to end, as recorded: its extremes are as good as its samples at first.
  get isPlain() {
    const { montage, isZ, timebase } = this.values;
    return montage === "recorded" && !isFiltering(this.#filters) && !isZ && timebase === "clip";
  }

  // Names of montages; worked out once for the same channels.
  get offered() {
    if (!this.raw) return null;
    const key = this.raw.channels.map(({ name, kind, isBad }) => `${name} ${kind} ${isBad}`).join();
    if (key !== this.offers?.key) this.offers = { key, names: offeredMontages(this.raw.channels) };
    return this.offers.names;
  }

  #paneOptions() {
    const { order, isZ, isClipped, nRows } = this.values;
    return { order, isZ, isClipped, nRows };
  }

  // One or more of the preferences; what is on screen follows at once.
  set(fields) {
    this.likes.set(fields);
    this.pane.setOptions(this.#paneOptions());
    this.tools.show();
    if (this.loader) this.loader.pad_s = this.#pad_s;
    if (this.raw && ["montage", "filters", "areFiltersOn", "isZ"].some((name) => name in fields)) this.#apply();
    if (this.span) this.#want();
  }

  setCustom(text) {
    this.likes.setCustom(text);
    this.set({ montage: "custom" });
  }

  get custom() {
    return this.likes.custom;
  }

  changeGain(by) {
    this.pane.changeGain(by);
    this.tools.show();
  }

  // Samples through montage and filters, in the worker; extremes as they are.
  async #apply() {
    const { raw } = this;
    const wanted = this.values.montage;
    const montage = raw.kind === "envelope" ? null : montageOf(wanted, raw.channels, { custom: this.custom });
    const isPlain = (!montage || wanted === "recorded") && !sectionsFor(this.#filters, raw.sfreq).length;
    const plan = { ...(montage ?? montageOf("recorded", raw.channels)), filters: this.#filters };
    const note = this.#noteOn(raw, montage);
    try {
      const isRaw = raw.kind === "envelope" || isPlain;
      if (isRaw) this.processor.forget();
      const tile = isRaw ? raw : await this.processor.process(raw, plan);
      if (tile) this.#show(tile, { note, montage: montage ? wanted : "recorded", filters: isRaw ? OFF : this.#filters });
    } catch (error) {
      this.#show(raw, { note: STRINGS.notProcessed(error.message), montage: "recorded", filters: OFF });
    }
  }

  #noteOn(raw, montage) {
    const isChanged = this.values.montage !== "recorded" || isFiltering(this.#filters) || this.values.isZ;
    if (this.loader?.isGlance) return "";
    if (raw.kind === "envelope") return isChanged ? STRINGS.envelopeOnly : STRINGS.envelope;
    if (!montage) return STRINGS.montageLacking(STRINGS.montages[this.values.montage]);
    return isFiltering(this.values.filters) && !this.values.areFiltersOn ? STRINGS.filtersOff : "";
  }

  #show(tile, { note, montage, filters }) {
    this.pane.showTile(tile, note);
    this.onShown(tile, { recorded: this.raw, montage, filters });
    const rowNames = tile.channels.map(({ name }) => name).join();
    if (rowNames !== this.rowNames) this.onChannels(tile.channels);
    this.rowNames = rowNames;
    const { highPass, lowPass, notch } = filters;
    Object.assign(el("pane").dataset, { montage, filters: `${highPass} ${lowPass} ${notch}` });
    this.tools.show();
    this.pane.setCursor(this.cursor_s);
  }

  // ---- keys, see keys.js

  act({ name, by }) {
    const { values } = this;
    const acts = {
      page: () => this.page(by), zoom: () => this.zoom(by), all: () => this.whole(), home: () => this.goHome(), gain: () => this.changeGain(by),
      montage: () => this.#nextMontage(by), filters: () => this.set({ areFiltersOn: !values.areFiltersOn }),
      zscore: () => this.set({ isZ: !values.isZ }), cut: () => this.set({ isClipped: !values.isClipped }), ruler: () => this.pane.stepRuler(),
    };
    if (this.home || name === "gain") acts[name]();
  }

  // The custom one only where it has been written.
  #nextMontage(by) {
    const names = (this.offered ?? []).filter((name) => name !== "custom" || montageOf("custom", this.raw.channels, { custom: this.custom }));
    if (!names.length) return;
    const next = names[(names.indexOf(this.values.montage) + by + names.length) % names.length];
    this.set({ montage: next });
  }
}

