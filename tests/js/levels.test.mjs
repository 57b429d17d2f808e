import assert from "node:assert/strict";
import { test } from "node:test";

import { baselineOf, deviationOf } from "../../annotator/static/annotator/js/eeg/levels.js";

test("a trace swings around its usual level, whatever one wild stretch does", () => {
  const samples = new Int16Array(6400).fill(300);
  samples.fill(30000, 640, 1280);
  assert.equal(baselineOf({ samples }, 0, 6400), 300);
  assert.equal(baselineOf({ samples }, 704, 1216), 30000); // there it is the usual one
  assert.ok(Number.isNaN(baselineOf({ samples }, 7000, 8000)));
});

test("a block with a gap says nothing of the level", () => {
  const samples = new Float32Array(256).fill(5);
  samples[10] = NaN;
  assert.equal(baselineOf({ samples }, 0, 256), 5);
});

test("an envelope swings around the middle of its extremes", () => {
  assert.equal(baselineOf({ low: new Int16Array(100).fill(-10), high: new Int16Array(100).fill(30) }, 0, 100), 10);
});

test("the standard deviation in µV, gaps left out; none of an envelope", () => {
  const samples = Float32Array.from([1, 3, NaN, 1, 3]);
  assert.equal(deviationOf({ samples, scale_uv: 2 }), 2);
  assert.ok(Number.isNaN(deviationOf({ low: new Int16Array(1), high: new Int16Array(1), scale_uv: 1 })));
});
