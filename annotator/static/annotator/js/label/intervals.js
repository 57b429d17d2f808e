// Stretches of the timeline that somebody marks. Pure: what a press, a form or an answer of the server makes of them.

import { clamp } from "./timemap.js";

export const KINDS = ["artefact", "event"];
// shorter than a frame is a slip of the finger
export const SHORTEST_S = 0.02;

// The first press begins, the second ends: { start_s } or { start_s, stop_s } in order; null where both are one moment.
export function pressed(begun, cursor_s) {
  if (!begun) return { start_s: cursor_s };
  return between(begun.start_s, cursor_s);
}

export function between(one_s, other_s) {
  const range = { start_s: Math.min(one_s, other_s), stop_s: Math.max(one_s, other_s) };
  return range.stop_s - range.start_s < SHORTEST_S ? null : range;
}

// Cut to what may be marked; null where nothing of it is left.
export function within({ start_s, stop_s }, limits) {
  return between(clamp(start_s, limits.start_s, limits.stop_s), clamp(stop_s, limits.start_s, limits.stop_s));
}

// What is sent for a filled form. `mark` is the one that it corrects, or null.
export function bodyOf({ range, kind, channel, text, mark }, uuid) {
  const rounded = (seconds) => Math.round(seconds * 1e4) / 1e4;
  return {
    uuid, kind, start_s: rounded(range.start_s), stop_s: rounded(range.stop_s), channel, text: text.trim(),
    ...(mark ? { supersedes: mark.uuid } : {}),
  };
}

// All that is drawn on the traces: trials, what people marked, and what is being marked now.
export function paneMarks({ intervals = [], trials = [] }, open = null) {
  const drawn = trials.map(({ number, start_s, stop_s, stimulus }) => ({
    uuid: null, kind: "trial", start_s, stop_s, channel: "", text: stimulus ? `${number} ${stimulus}` : String(number),
  }));
  drawn.push(...intervals.map(({ uuid, kind, start_s, stop_s, channel, text }) => ({ uuid, kind, start_s, stop_s, channel, text })));
  if (open) drawn.push({ uuid: null, kind: "open", channel: "", text: "", start_s: open.start_s, stop_s: open.stop_s ?? open.start_s });
  return drawn;
}

// "3.20–4.10 s", from the clip's start.
export function rangeText({ start_s, stop_s }, origin_s) {
  const text = (seconds) => `${seconds - origin_s < -0.005 ? "−" : ""}${Math.abs(seconds - origin_s).toFixed(2)}`;
  return `${text(start_s)}–${text(stop_s)} s`;
}

// Those that lie in the clip's context, in the order of time.
export function near(intervals, limits) {
  return intervals.filter(({ start_s, stop_s }) => stop_s > limits.start_s && start_s < limits.stop_s).sort((a, b) => a.start_s - b.start_s);
}
