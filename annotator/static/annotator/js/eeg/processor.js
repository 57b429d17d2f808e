// Speaks to the worker that re-references and filters: the newest wish wins, the answers to earlier ones are dropped.

import { STRINGS } from "../label/strings.js";

export class Processor {
  // open() → a new worker
  constructor({ open }) {
    this.open = open;
    this.wish = 0;
    this.sent = null; // the tile that the worker holds
    this.tileId = 0;
  }

  // → the tile with one channel a row, in µV; null where a newer wish came in between.
  async process(tile, plan) {
    this.wish += 1;
    const id = this.wish;
    const rows = await this.#ask(id, tile, plan);
    return id === this.wish ? derivedTile(tile, plan.rows, rows) : null;
  }

  // Whoever still waits gets nothing.
  forget() {
    this.wish += 1;
  }

  #ask(id, tile, plan) {
    this.worker ??= this.open();
    const isNew = this.sent !== tile;
    if (isNew) this.tileId += 1;
    this.sent = tile;
    return new Promise((resolve, reject) => {
      const answered = ({ data }) => {
        if (data.id !== id) return;
        done();
        if (data.error) reject(new Error(data.error));
        else resolve(data.rows);
      };
      const failed = (event) => {
        done();
        this.worker = null;
        this.sent = null;
        reject(new Error(event.message || STRINGS.noWorker));
      };
      const { worker } = this;
      const done = () => {
        worker.removeEventListener("message", answered);
        worker.removeEventListener("error", failed);
      };
      worker.addEventListener("message", answered);
      worker.addEventListener("error", failed);
      worker.postMessage({ id, tileId: this.tileId, tile: isNew ? bare(tile) : null, plan: { ...plan, rows: plan.rows.map(bareRow) } });
    });
  }
}

// Only what the worker reads.
const bare = ({ sfreq, nSamples, channels }) => ({
  sfreq, nSamples, channels: channels.map(({ samples, scale_uv, offset_uv }) => ({ samples, scale_uv, offset_uv })),
});

const bareRow = ({ kind, terms, reference }) => ({ kind, terms, reference });

export function derivedTile(tile, rows, samples) {
  const channels = rows.map((row, i) => ({ ...row, samples: samples[i], scale_uv: 1, offset_uv: 0 }));
  return { ...tile, kind: "samples", channels };
}
