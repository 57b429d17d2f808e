// How far the clocks of a session can be trusted, in words. Pure: takes { offset_s, drift, residual_ms, method, confidence }.

const HAND = "hand-set points";
const isNumber = (value) => value !== null && value !== undefined;

// The sign in the top bar: short, the worst thing first.
export function syncSign({ residual_ms, method, confidence }) {
  if (isNumber(confidence)) return `sync by ${method}, confidence ${confidence.toFixed(1)}`;
  if (!isNumber(residual_ms)) return method === HAND ? "sync set by hand" : "sync not measured";
  return residual_ms < 1 ? "sync < 1 ms" : `sync ±${Math.round(residual_ms)} ms`;
}

export function syncTitle(clock) {
  return [foundBy(clock), spread(clock), trust(clock), mapWords(clock)].filter(Boolean).join(" ");
}

function foundBy({ method }) {
  return method && method !== "none" ? `EEG and video were related by: ${method}.` : "Nothing related the clocks of EEG and video.";
}

function spread({ residual_ms, method }) {
  if (!isNumber(residual_ms)) return method === HAND ? "Too few points were set to tell how well they fit." : "Nothing measured how well they fit: an admin can set points on the session’s sync page.";
  return `The moments seen on both lie within ±${residual_ms < 0.1 ? "0.1" : residual_ms.toFixed(1)} ms of the map.`;
}

function trust({ confidence }) {
  if (!isNumber(confidence)) return "";
  return `This way can be wrong as a whole; its confidence is ${confidence.toFixed(2)} of 1.`;
}

export function mapWords({ offset_s, drift }) {
  return `The video begins at ${offset_s.toFixed(3)} s of the session and drifts by ${ppm(drift)}.`;
}

export function ppm(drift) {
  const parts = drift * 1e6;
  const digits = Math.abs(parts) < 10 ? 1 : 0;
  const text = Math.abs(parts).toFixed(digits);
  return `${Number(text) === 0 ? "" : parts < 0 ? "−" : "+"}${text} ppm`;
}
