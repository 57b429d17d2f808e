// Brings the traces of whatever stretch is on screen: one request at a time, the newest wish wins.

import { parseTile } from "../label/tiles.js";
import { SAMPLES_S, clamp } from "../label/timemap.js";
import { answered } from "../words.js";
import { covers, lengthOf, wantedFor } from "./viewport.js";

const SETTLE_MS = 60;
const [NARROWEST_PX, WIDEST_PX] = [16, 4096]; // what the server takes

export class TraceLoader {
  // get(url) → Promise of a Response; onTile(tile) and onTrouble(error or null) tell what came of it
  constructor({ url, recorded, get = (...asked) => fetch(...asked), onTile, onTrouble }) {
    Object.assign(this, { url, recorded, get, onTile, onTrouble });
    this.loaded = null;
    this.isGlance = false;
    this.pad_s = 0; // more on either side, for the edges of filters
  }

  want(span, width_px) {
    clearTimeout(this.waiting); // what was wanted before is off the screen
    if (!this.isGlance && covers(this.loaded, span, this.recorded, this.pad_s)) return;
    this.waiting = setTimeout(() => this.load(span, width_px), this.loaded ? SETTLE_MS : 0);
  }

  // Somebody else fetched this stretch, { start_s, stop_s }.
  hold(stretch, tile) {
    this.isGlance = tile.kind === "envelope" && lengthOf(stretch) <= SAMPLES_S; // until its samples are here
    this.loaded = { ...stretch, span: stretch, isSamples: tile.kind !== "envelope" };
  }

  close() {
    clearTimeout(this.waiting);
    this.asked?.abort();
  }

  async load(span, width_px) {
    const wanted = wantedFor(span, this.recorded);
    if (!wanted) return;
    this.asked?.abort();
    const asked = new AbortController();
    this.asked = asked;
    const { pad_s } = this;
    try {
      const tile = await this.#fetch({ ...wanted, pad_s }, (width_px * lengthOf(wanted)) / lengthOf(span), asked.signal);
      if (this.asked !== asked) return;
      this.isGlance = false;
      this.loaded = { start_s: wanted.start_s - pad_s, stop_s: wanted.stop_s + pad_s, span: wanted, isSamples: tile.kind !== "envelope" };
      this.onTrouble(null);
      this.onTile(tile);
    } catch (error) {
      if (!asked.signal.aborted) this.onTrouble(error);
    }
  }

  async #fetch({ start_s, stop_s, pad_s }, width_px, signal) {
    const pixels = clamp(Math.round(width_px), NARROWEST_PX, WIDEST_PX);
    const padding = pad_s ? `&pad_s=${pad_s}` : "";
    const address = `${this.url}${this.url.includes("?") ? "&" : "?"}start_s=${start_s.toFixed(6)}&stop_s=${stop_s.toFixed(6)}&width_px=${pixels}${padding}`;
    const response = await this.get(address, { credentials: "same-origin", signal });
    if (!response.ok) throw new Error(await sentenceOf(response));
    return parseTile(await response.arrayBuffer());
  }
}

async function sentenceOf(response) {
  const said = await response.json().catch(() => ({}));
  return said.message || answered(response.status);
}
