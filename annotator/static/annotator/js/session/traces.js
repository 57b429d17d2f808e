// The traces of a stretch of the session, and the tools above them: the stretch is somebody's to zoom and pan.

import { ChannelMenu } from "../label/channelmenu.js";
import { disclose } from "../label/dialogs.js";
import { EegPane } from "../label/eegpane.js";
import { STRINGS } from "../label/strings.js";
import { TraceLoader } from "./loader.js";
import { centred, following, lengthOf, lengthText, panned, within, zoomed } from "./viewport.js";
import { SAYS } from "./strings.js";

const el = (id) => document.getElementById(id);
const FIRST_VIEW_S = 10;
const PAGE_SHARE = 0.9;

export class Traces {
  // onScrub(session_s): somebody pointed at the traces; onView(span): another stretch is on screen
  constructor({ config, storage, onScrub, onView }) {
    this.bounds = { start_s: config.first_s, stop_s: config.last_s };
    this.bad = new Set(config.bad_channels);
    this.onView = onView;
    this.span = within({ start_s: 0, stop_s: FIRST_VIEW_S }, this.bounds);
    this.cursor_s = 0;
    this.pane = new EegPane({ root: el("pane"), signals: el("signals"), overlay: el("overlay"), onScrub });
    this.pane.setClip(recordedClip(config), null);
    this.channels = new ChannelMenu({
      list: el("channels-list"), count: el("channels-count"), all: el("channels-all"), none: el("channels-none"), storage,
      onChange: (hidden) => this.pane.setHidden(hidden),
    });
    disclose(el("channels-button"), el("channels-panel"));
    this.#openLoader(config);
    this.#listen();
    this.changeGain(0);
  }

  #openLoader({ eeg_url: url, eeg_s }) {
    if (!url) {
      this.#note(SAYS.noEeg);
      return;
    }
    this.#note(SAYS.loading);
    this.loader = new TraceLoader({
      url, recorded: { start_s: 0, stop_s: eeg_s ?? this.bounds.stop_s },
      onTile: (tile) => this.#show(tile),
      onTrouble: (error) => this.#trouble(error),
    });
  }

  // As soon as the pane has its size.
  start() {
    this.setSpan(this.span);
  }

  setSpan(span) {
    this.span = span;
    this.pane.showSpan(span);
    this.loader?.want(span, Math.max(200, el("pane").clientWidth) * (window.devicePixelRatio || 1));
    el("view-length").textContent = lengthText(lengthOf(span));
    this.onView(span);
  }

  zoom(factor, at_s = this.cursor_s) {
    const isInView = at_s >= this.span.start_s && at_s <= this.span.stop_s;
    this.setSpan(zoomed(this.span, factor, isInView ? at_s : (this.span.start_s + this.span.stop_s) / 2, this.bounds));
  }

  whole() {
    this.setSpan(this.bounds);
  }

  page(by) {
    this.pan(by * PAGE_SHARE * lengthOf(this.span));
  }

  pan(by_s) {
    this.setSpan(panned(this.span, by_s, this.bounds));
  }

  centreOn(session_s) {
    this.setSpan(centred(this.span, session_s, this.bounds));
  }

  setCursor(session_s) {
    this.cursor_s = session_s;
    const span = following(this.span, session_s, this.bounds);
    if (span !== this.span) this.setSpan(span);
    this.pane.setCursor(session_s);
  }

  changeGain(by) {
    this.pane.changeGain(by);
    el("gain-value").textContent = STRINGS.gain(this.pane.gain_uv);
  }

  #show(tile) {
    this.#note("");
    const channels = tile.channels.map((channel) => ({ ...channel, isBad: this.bad.has(channel.name) }));
    const isFirst = !this.pane.tile;
    this.pane.showSpan(this.span, { ...tile, channels });
    this.pane.setCursor(this.cursor_s);
    if (isFirst) this.onChannels(channels);
    el("viewer").dataset.tile = tile.kind ?? "samples";
  }

  // What is done once the channels are known; the sync page chooses its own.
  onChannels(channels) {
    this.channels.setChannels(channels);
  }

  #trouble(error) {
    el("pane-retry").hidden = !error;
    if (error) this.#note(SAYS.failed(error.message));
  }

  #note(text) {
    el("pane-note").hidden = !text;
    el("pane-note-text").textContent = text;
  }

  #listen() {
    const clicks = {
      "zoom-in": () => this.zoom(0.5),
      "zoom-out": () => this.zoom(2),
      "zoom-whole": () => this.whole(),
      "pan-back": () => this.page(-1),
      "pan-on": () => this.page(1),
      "gain-up": () => this.changeGain(1),
      "gain-down": () => this.changeGain(-1),
      "pane-retry": () => this.setSpan(this.span),
    };
    for (const [id, act] of Object.entries(clicks)) el(id).addEventListener("click", act);
    el("overlay").addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  // Alt + wheel zooms where the pointer is, sideways pans; shift and ctrl are the gain's, plain scrolling is the page's.
  #wheel(event) {
    if (event.ctrlKey || event.shiftKey) return;
    if (event.altKey) {
      event.preventDefault();
      this.zoom(event.deltaY > 0 ? 1.25 : 0.8, this.pane.sessionAt(event));
    } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      this.pan((event.deltaX / Math.max(1, el("overlay").clientWidth)) * lengthOf(this.span));
    }
  }
}

// The pane draws what lies outside the recorded stretch on a sunken ground.
function recordedClip({ first_s, last_s, eeg_s }) {
  return { start_s: 0, stop_s: eeg_s ?? last_s, context_start_s: first_s, context_stop_s: last_s };
}
