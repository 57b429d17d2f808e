// A tile of samples → the same stretch re-referenced and filtered, in µV. Pure; runs in the worker.

import { isAux } from "../label/channels.js";
import { padOf, sectionsFor } from "./filters.js";
import { zeroPhase } from "./zerophase.js";

// plan: { rows, references } of a montage, and filters. → [Float32Array, …], one a row
export function processed(tile, { rows, references, filters }) {
  const sos = sectionsFor(filters, tile.sfreq);
  const padding = Math.round(Math.max(padOf(filters), 1) * tile.sfreq);
  const means = references.map((terms) => weighted(tile, terms));
  return rows.map((row) => {
    const samples = weighted(tile, row.terms);
    if (row.reference !== null) takeOff(samples, means[row.reference]);
    // what is no EEG stays as recorded: a high-pass would take skin conductance away
    return Float32Array.from(isAux(row) ? samples : zeroPhase(sos, samples, padding));
  });
}

// Channels come as whole numbers, each with a step and an offset of its own: first to µV, then together.
function weighted({ channels, nSamples }, terms) {
  const sum = new Float64Array(nSamples);
  for (const [index, weight] of terms) {
    const { samples, scale_uv, offset_uv } = channels[index];
    const [step, level] = [weight * scale_uv, weight * offset_uv];
    for (let i = 0; i < nSamples; i += 1) sum[i] += level + step * samples[i];
  }
  return sum;
}

function takeOff(samples, reference) {
  for (let i = 0; i < samples.length; i += 1) samples[i] -= reference[i];
}
