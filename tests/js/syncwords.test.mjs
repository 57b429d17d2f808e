import assert from "node:assert/strict";
import { test } from "node:test";

import { syncSign, syncTitle } from "../../annotator/static/annotator/js/label/syncwords.js";

const CLOCK = { offset_s: 1.93, drift: -2.1e-5, residual_ms: 12.4, method: "status triggers", confidence: null };

test("the sign says the residual, or that there is none, or how much the method can be trusted", () => {
  assert.equal(syncSign(CLOCK), "sync ±12 ms");
  assert.equal(syncSign({ ...CLOCK, residual_ms: 0.4 }), "sync < 1 ms");
  assert.equal(syncSign({ ...CLOCK, residual_ms: null }), "sync not measured");
  assert.equal(syncSign({ ...CLOCK, residual_ms: null, method: "hand-set points" }), "sync set by hand");
  assert.equal(syncSign({ ...CLOCK, method: "blinks", confidence: 0.9 }), "sync by blinks, confidence 0.9");
});

test("its title explains", () => {
  assert.equal(
    syncTitle(CLOCK),
    "EEG and video were related by: status triggers. The moments seen on both lie within ±12.4 ms of the map. The video begins at 1.930 s of the session and drifts by −21 ppm.",
  );
  assert.match(syncTitle({ ...CLOCK, residual_ms: null }), /Nothing measured how well they fit/);
  assert.match(syncTitle({ ...CLOCK, residual_ms: null, method: "hand-set points" }), /Too few points were set/);
  assert.match(syncTitle({ ...CLOCK, method: "none" }), /^Nothing related the clocks/);
  assert.match(syncTitle({ ...CLOCK, confidence: 0.87 }), /its confidence is 0\.87 of 1/);
  assert.match(syncTitle({ ...CLOCK, drift: 0 }), /drifts by 0\.0 ppm\.$/);
});
