// What two moments have between them, and what a trace is at one: numbers and their words. Pure.

import { STRINGS } from "../label/strings.js";

// The sample nearest to a moment, in µV; null outside the data, in a gap, and for an envelope.
export function valueAt(tile, channel, session_s) {
  if (!channel?.samples) return null;
  const value = channel.samples[Math.round((session_s - tile.start_s) * tile.sfreq)];
  return value === undefined || Number.isNaN(value) ? null : channel.offset_uv + channel.scale_uv * value;
}

// → { name, from_s, to_s, length_s, hz, from_uv, to_uv, peak_uv }; what can't be told is null
export function measured(tile, channel, one_s, other_s) {
  const [from_s, to_s] = one_s <= other_s ? [one_s, other_s] : [other_s, one_s];
  const length_s = to_s - from_s;
  const ends = { from_uv: valueAt(tile, channel, from_s), to_uv: valueAt(tile, channel, to_s) };
  return { name: channel?.name ?? "", from_s, to_s, length_s, hz: length_s > 0 ? 1 / length_s : null, ...ends, peak_uv: peakToPeak(tile, channel, from_s, to_s) };
}

function peakToPeak(tile, channel, from_s, to_s) {
  if (!channel) return null;
  const first = Math.max(0, Math.round((from_s - tile.start_s) * tile.sfreq));
  const last = Math.round((to_s - tile.start_s) * tile.sfreq) + 1;
  let [least, greatest] = [Infinity, -Infinity];
  for (const value of (channel.low ?? channel.samples).subarray(first, last)) if (value < least) least = value;
  for (const value of (channel.high ?? channel.samples).subarray(first, last)) if (value > greatest) greatest = value;
  return greatest >= least ? (greatest - least) * channel.scale_uv : null;
}

// −12.3 µV, with the digits that mean something.
export function microvolts(value, digits = Math.abs(value) < 100 ? 1 : 0) {
  return `${value.toFixed(digits).replace("-", "−")} µV`;
}

export function measuredText({ name, length_s, hz, from_uv, to_uv, peak_uv }) {
  const parts = [`Δt ${length_s.toFixed(3)} s`];
  if (hz !== null) parts.push(`1/Δt ${hz.toFixed(2)} Hz`);
  if (from_uv !== null && to_uv !== null) parts.push(`${name} ${microvolts(from_uv)} → ${microvolts(to_uv)}`, `Δ ${microvolts(to_uv - from_uv)}`);
  if (peak_uv !== null) parts.push(`${from_uv === null ? `${name} ` : ""}${STRINGS.peakToPeak(microvolts(peak_uv))}`);
  return parts.join(" · ");
}
