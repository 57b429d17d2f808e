// Brings the traces of whatever stretch is on screen: one request at a time, the newest wish wins.

import { parseTile } from "../label/tiles.js";
import { covers, lengthOf, wantedFor } from "./viewport.js";

const SETTLE_MS = 60;

export class TraceLoader {
  // get(url) → Promise of a Response; onTile(tile) and onTrouble(error or null) tell what came of it
  constructor({ url, recorded, get = (...asked) => fetch(...asked), onTile, onTrouble }) {
    Object.assign(this, { url, recorded, get, onTile, onTrouble });
    this.loaded = null;
  }

  want(span, width_px) {
    if (covers(this.loaded, span, this.recorded)) return;
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.load(span, width_px), this.loaded ? SETTLE_MS : 0);
  }

  async load(span, width_px) {
    const wanted = wantedFor(span, this.recorded);
    if (!wanted) return;
    this.asked?.abort();
    const asked = new AbortController();
    this.asked = asked;
    try {
      const tile = await this.#fetch(wanted, (width_px * lengthOf(wanted)) / lengthOf(span), asked.signal);
      if (this.asked !== asked) return;
      this.loaded = { ...wanted, span: wanted, isSamples: tile.kind !== "envelope" };
      this.onTrouble(null);
      this.onTile(tile);
    } catch (error) {
      if (!asked.signal.aborted) this.onTrouble(error);
    }
  }

  async #fetch({ start_s, stop_s }, width_px, signal) {
    const address = `${this.url}?start_s=${start_s.toFixed(6)}&stop_s=${stop_s.toFixed(6)}&width_px=${Math.round(width_px)}`;
    const response = await this.get(address, { credentials: "same-origin", signal });
    if (!response.ok) throw new Error(await sentenceOf(response));
    return parseTile(await response.arrayBuffer());
  }
}

async function sentenceOf(response) {
  const said = await response.json().catch(() => ({}));
  return said.message || `The server answered ${response.status}.`;
}
