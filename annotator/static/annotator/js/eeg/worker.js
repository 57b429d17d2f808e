// The worker that re-references and filters: keeps the last tile, so that another montage or filter sends no samples again.

import { processed } from "./process.js";

let kept = { id: null, tile: null };

self.addEventListener("message", ({ data: { id, tileId, tile, plan } }) => {
  if (tile) kept = { id: tileId, tile };
  try {
    const rows = processed(kept.tile, plan);
    self.postMessage({ id, rows }, rows.map(({ buffer }) => buffer));
  } catch (error) {
    self.postMessage({ id, error: error.message });
  }
});
