import assert from "node:assert/strict";
import { test } from "node:test";

import { TimeMap, boundaryAfter, boundsOf, clockText, firstSpan, timeTicks } from "../../annotator/static/annotator/js/label/timemap.js";

const CLIP = { start_s: 100, stop_s: 105, context_start_s: 90, context_stop_s: 115 };

test("session time is offset plus the stretched video time, and back", () => {
  const map = new TimeMap({ offset_s: 2, drift: 0.001 });
  assert.ok(Math.abs(map.toSession(10) - 12.01) < 1e-12);
  for (const video_s of [0, 0.033, 17.2, 7200]) assert.ok(Math.abs(map.toVideo(map.toSession(video_s)) - video_s) < 1e-9);
});

test("a map that is not one is refused", () => {
  assert.throws(() => new TimeMap({ offset_s: NaN }), RangeError);
  assert.throws(() => new TimeMap({ drift: -1 }), RangeError);
});

test("playing stops at the clip's end, or at the context's when it began beyond the clip", () => {
  assert.equal(boundaryAfter(92, CLIP), 105);
  assert.equal(boundaryAfter(104.9, CLIP), 105);
  assert.equal(boundaryAfter(105, CLIP), 115);
});

test("the time base shows the clip, or is centred on it, or pages through a longer one", () => {
  const whole = firstSpan(CLIP, "clip");
  assert.ok(whole.start_s < 100 && whole.stop_s > 105 && whole.stop_s - whole.start_s < 6);
  const minute = firstSpan({ start_s: 100, stop_s: 160 }, "clip"); // more would cost its samples
  assert.deepEqual(minute, { start_s: 100, stop_s: 160 });
  assert.deepEqual(firstSpan(CLIP, 20), { start_s: 92.5, stop_s: 112.5 });
  assert.deepEqual(firstSpan({ start_s: 0, stop_s: 30 }, 10), { start_s: 0, stop_s: 10 });
});

test("what may be seen has the clip's margin too", () => {
  assert.deepEqual(boundsOf({ start_s: 100, stop_s: 200 }, { start_s: 90, stop_s: 210 }), { start_s: 87, stop_s: 213 });
});

test("ticks are round, relative to the clip and not closer than asked", () => {
  const { step_s, ticks } = timeTicks({ start_s: 99.85, stop_s: 105.15 }, 100, 700);
  assert.equal(step_s, 0.5);
  assert.deepEqual(ticks.map((tick) => tick.relative_s), [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5]);
  assert.equal(timeTicks({ start_s: 92.5, stop_s: 112.5 }, 100, 700).ticks[0].relative_s, -6);
});

test("times are written with minutes and hundredths", () => {
  assert.equal(clockText(4.13), "00:04.13");
  assert.equal(clockText(59.999), "01:00.00");
  assert.equal(clockText(-1.5), "−00:01.50");
  assert.equal(clockText(-0.001), "00:00.00");
});
