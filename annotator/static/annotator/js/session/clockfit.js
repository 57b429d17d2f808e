// Points that somebody set on both streams → the affine map between the clocks, and what speaks against it. Pure.
// A point is [video_s, session_s]. The server fits the same way (mlcore.sync.hand_clock) and keeps the same limits:
// { max_drift, max_slip_s, least_span_s }.

import { SYNC } from "./strings.js";

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const spreadOf = (values) => Math.max(...values) - Math.min(...values);

// `drift` is kept where the points can't tell it: one point, or all of them close together.
export function fit(points, { drift = 0, least_span_s = 10 } = {}) {
  if (points.length === 0) return null;
  const isAffine = points.length > 1 && spreadOf(points.map(([video_s]) => video_s)) >= least_span_s;
  const rate = isAffine ? slopeOf(points) : 1 + drift;
  const left_s = points.map(([video_s, session_s]) => session_s - rate * video_s);
  const offset_s = mean(left_s);
  const errors_ms = left_s.map((one) => 1000 * (one - offset_s));
  const isMeasured = points.length > (isAffine ? 2 : 1);
  return { offset_s, drift: rate - 1, isAffine, errors_ms, residual_ms: isMeasured ? Math.sqrt(mean(errors_ms.map((e) => e * e))) : null };
}

function slopeOf(points) {
  const video_s = mean(points.map((point) => point[0]));
  const session_s = mean(points.map((point) => point[1]));
  const together = points.reduce((sum, [x, y]) => sum + (x - video_s) * (y - session_s), 0);
  return together / points.reduce((sum, [x]) => sum + (x - video_s) ** 2, 0);
}

// One sentence on why these points can't be saved, or "".
export function refusal(points, limits) {
  if (points.length === 0) return SYNC.noPoint;
  const { drift, errors_ms } = fit(points, limits);
  if (Math.abs(drift) > limits.max_drift) {
    return SYNC.drifts(signed(100 * drift, 1), 100 * limits.max_drift);
  }
  const slip_s = spreadOf(errors_ms) / 1000;
  return slip_s > limits.max_slip_s ? SYNC.slips(slip_s.toFixed(1)) : "";
}

export function signed(value, digits) {
  const text = Math.abs(value).toFixed(digits);
  return `${Number(text) === 0 ? "" : value < 0 ? "−" : "+"}${text}`;
}

// What saving would change: how far the face moves against the EEG at the start and the end of the video, ms.
export function shifts_ms(from, to, video_s) {
  return [0, video_s].map((at_s) => 1000 * (to.offset_s - from.offset_s + (to.drift - from.drift) * at_s));
}
