// The stretch of the session that is on screen, from a second to all that may be seen. Pure: spans in, spans out.

import { SAMPLES_S, clamp } from "../label/timemap.js";

export const SHORTEST_S = 1;
const TIMEBASES_S = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600];

export const lengthOf = ({ start_s, stop_s }) => stop_s - start_s;

// Moved, and shortened where need be, to lie within the bounds.
export function within(span, bounds) {
  const length_s = clamp(lengthOf(span), Math.min(SHORTEST_S, lengthOf(bounds)), lengthOf(bounds));
  const start_s = clamp(span.start_s, bounds.start_s, bounds.stop_s - length_s);
  return { start_s, stop_s: start_s + length_s };
}

// factor < 1 shows less. What lies at `at_s` stays where it is on the screen.
export function zoomed(span, factor, at_s, bounds) {
  const length_s = clamp(lengthOf(span) * factor, Math.min(SHORTEST_S, lengthOf(bounds)), lengthOf(bounds));
  const share = clamp((at_s - span.start_s) / lengthOf(span), 0, 1);
  const start_s = at_s - share * length_s;
  return within({ start_s, stop_s: start_s + length_s }, bounds);
}

export function panned(span, by_s, bounds) {
  return within({ start_s: span.start_s + by_s, stop_s: span.stop_s + by_s }, bounds);
}

// The same span while the cursor is in it; else the page that it went to, the cursor near its edge: while playing the left
// one, after a jump back to the start of a loop too.
export function following(span, cursor_s, bounds, { isPlaying = false } = {}) {
  if (cursor_s >= span.start_s && cursor_s <= span.stop_s) return span;
  const lead_s = lengthOf(span) * (isPlaying || cursor_s > span.stop_s ? 0.05 : 0.95);
  return panned(span, cursor_s - lead_s - span.start_s, bounds);
}

export function centred(span, at_s, bounds) {
  return panned(span, at_s - (span.start_s + span.stop_s) / 2, bounds);
}

// What to fetch for a span: more on both sides, so that panning finds it loaded, but no more than keeps its samples.
export function wantedFor(span, recorded) {
  const length_s = lengthOf(span);
  const pad_s = length_s <= SAMPLES_S ? Math.min(length_s / 2, (SAMPLES_S - length_s) / 2) : length_s / 2;
  const start_s = clamp(span.start_s - pad_s, recorded.start_s, recorded.stop_s);
  const stop_s = clamp(span.stop_s + pad_s, recorded.start_s, recorded.stop_s);
  return stop_s > start_s ? { start_s, stop_s } : null;
}

// Whether what was loaded still does for this span: all of it is there with what filters need on either side, and not so coarse that
// detail is missing.
export function covers(loaded, span, recorded, pad_s = 0) {
  if (!loaded) return false;
  const beside_s = loaded.isSamples ? pad_s : 0;
  const start_s = Math.max(span.start_s - beside_s, recorded.start_s);
  const stop_s = Math.min(span.stop_s + beside_s, recorded.stop_s);
  const isThere = loaded.start_s <= start_s + 1e-6 && loaded.stop_s >= stop_s - 1e-6;
  return isThere && (loaded.isSamples || lengthOf(span) >= 0.45 * lengthOf(loaded.span));
}

// The lengths that are offered where this much may be seen; the whole of it is offered beside them.
export function timebases(bounds) {
  return TIMEBASES_S.filter((length_s) => length_s < lengthOf(bounds));
}

// The words on the zoom control.
export function lengthText(seconds) {
  if (seconds < 9.95) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  return `${Number((seconds / 60).toFixed(1))} min`;
}
