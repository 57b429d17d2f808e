import assert from "node:assert/strict";
import { test } from "node:test";

import { fit, refusal, shifts_ms, signed } from "../../annotator/static/annotator/js/session/clockfit.js";

const LIMITS = { max_drift: 0.01, max_slip_s: 1, least_span_s: 10, drift: 0 };
const near = (got, expected, tolerance = 1e-9) => assert.ok(Math.abs(got - expected) <= tolerance, `${got} is not ${expected}`);

test("one point shifts the clock and keeps the drift it had; nothing is left to measure", () => {
  const map = fit([[10, 12.5]], { drift: 2e-5 });
  near(map.offset_s + (1 + map.drift) * 10, 12.5);
  near(map.drift, 2e-5);
  assert.equal(map.residual_ms, null);
});

test("two points far apart give offset and drift, exactly", () => {
  const map = fit([[0, 1.5], [100, 101.49]], LIMITS);
  near(map.offset_s, 1.5);
  near(map.drift, -1e-4);
  assert.equal(map.residual_ms, null);
  map.errors_ms.forEach((error) => near(error, 0, 1e-6));
});

test("points close together shift only: a slip of the hand would look like a drift", () => {
  const map = fit([[5, 6.0], [6, 7.04]], { ...LIMITS, drift: 0 });
  assert.equal(map.drift, 0);
  near(map.offset_s, 1.02);
  near(map.residual_ms, 20, 1e-6);
});

test("three points leave a residual: the root mean square of what the best line leaves", () => {
  const map = fit([[0, 1.0], [50, 51.03], [100, 101.0]], LIMITS);
  near(map.drift, 0, 1e-12);
  near(map.offset_s, 1.01);
  near(map.residual_ms, Math.sqrt((10 ** 2 + 20 ** 2 + 10 ** 2) / 3), 1e-6);
});

test("noise on many points of a known map leaves the map", () => {
  const wobble = [3, -2, 1, -3, 2, -1];
  const points = wobble.map((ms, i) => [20 * i, 0.75 + (1 + 5e-5) * 20 * i + ms / 1000]);
  const map = fit(points, LIMITS);
  near(map.offset_s, 0.75, 0.004);
  near(map.drift, 5e-5, 6e-5);
});

test("no points, no map", () => {
  assert.equal(fit([]), null);
  assert.match(refusal([], LIMITS), /at least one point/);
});

test("points that ask for more than 1 % of drift contradict each other", () => {
  assert.match(refusal([[0, 1], [100, 103]], LIMITS), /contradict each other.* \+2\.0 %.*less than 1 %/);
  assert.match(refusal([[0, 1], [100, 97]], LIMITS), /−4\.0 %/);
  assert.equal(refusal([[0, 1], [100, 101.9]], LIMITS), "");
});

test("points that lie more than a second from one map contradict each other", () => {
  assert.match(refusal([[5, 6], [6, 9]], LIMITS), /contradict each other by 2\.0 s/);
  assert.match(refusal([[0, 0], [50, 51.6], [100, 100]], LIMITS), /by 1\.6 s/);
  assert.equal(refusal([[5, 6], [6, 7.9]], LIMITS), "");
});

test("what saving changes is told for both ends of the video", () => {
  const [first, last] = shifts_ms({ offset_s: 1, drift: 0 }, { offset_s: 1.1, drift: 1e-4 }, 100);
  near(first, 100, 1e-6);
  near(last, 110, 1e-6);
});

test("numbers carry their sign, and nothing has none", () => {
  assert.deepEqual([signed(1.26, 1), signed(-1.26, 1), signed(0.01, 1)], ["+1.3", "−1.3", "0.0"]);
});
