// How far the clocks of a session can be trusted, in words. Pure: takes { offset_s, drift, residual_ms, method, confidence }.

import { fill, gettext } from "../words.js";

export const HAND = "hand-set points";
// Names as mlcore has them (SyncMethod), in the page's language.
const METHODS = {
  "status triggers": gettext("status triggers"), "XDF stamps": gettext("XDF stamps"), "audio counter": gettext("audio counter"), "BIDS events": gettext("BIDS events"),
  [HAND]: gettext("hand-set points"), blinks: gettext("blinks"), "same pictures": gettext("same pictures"), "given offset": gettext("given offset"), "same start": gettext("same start"),
};
export const methodName = (method) => METHODS[method] ?? method;

const isNumber = (value) => value !== null && value !== undefined;

// The sign in the top bar: short, the worst thing first.
export function syncSign({ residual_ms, method, confidence }) {
  if (isNumber(confidence)) return fill(gettext("sync by %(method)s, confidence %(confidence)s"), { method: methodName(method), confidence: confidence.toFixed(1) });
  if (!isNumber(residual_ms)) return method === HAND ? gettext("sync set by hand") : gettext("sync not measured");
  return residual_ms < 1 ? gettext("sync < 1 ms") : fill(gettext("sync ±%(residual_ms)s ms"), { residual_ms: Math.round(residual_ms) });
}

export function syncTitle(clock) {
  return [foundBy(clock), spread(clock), trust(clock), mapWords(clock)].filter(Boolean).join(" ");
}

function foundBy({ method }) {
  if (!method || method === "none") return gettext("Nothing related the clocks of EEG and video.");
  return fill(gettext("EEG and video were related by: %(method)s."), { method: methodName(method) });
}

function spread({ residual_ms, method }) {
  if (isNumber(residual_ms)) return fill(gettext("The moments seen on both lie within ±%(residual_ms)s ms of the map."), { residual_ms: residual_ms < 0.1 ? "0.1" : residual_ms.toFixed(1) });
  if (method === HAND) return gettext("Too few points were set to tell how well they fit.");
  return gettext("Nothing measured how well they fit: an admin can set points on the session’s sync page.");
}

function trust({ confidence }) {
  if (!isNumber(confidence)) return "";
  return fill(gettext("This way can be wrong as a whole; its confidence is %(confidence)s of 1."), { confidence: confidence.toFixed(2) });
}

export function mapWords({ offset_s, drift }) {
  return fill(gettext("The video begins at %(offset_s)s s of the session and drifts by %(drift)s."), { offset_s: offset_s.toFixed(3), drift: ppm(drift) });
}

export function ppm(drift) {
  const parts = drift * 1e6;
  const digits = Math.abs(parts) < 10 ? 1 : 0;
  const text = Math.abs(parts).toFixed(digits);
  return `${Number(text) === 0 ? "" : parts < 0 ? "−" : "+"}${text} ppm`;
}
