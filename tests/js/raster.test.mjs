import assert from "node:assert/strict";
import { test } from "node:test";

import { colourWord, rasterTrace } from "../../annotator/static/annotator/js/eeg/raster.js";

const alphas = (pixels) => [...pixels].map((word) => word >>> 24);

function drawn(reach, { width = reach.length / 2, height = 6, ...how } = {}) {
  const pixels = new Uint32Array(width * height);
  rasterTrace({ pixels, width }, { reach: Float32Array.from(reach), left: 0, colour: 0x030201, thick: 1, top: 0, bottom: height, ...how });
  return pixels;
}

test("a column is filled from end to end, its ends by how much of a pixel they cover", () => {
  assert.deepEqual(alphas(drawn([1, 4])), [0, 255, 255, 255, 0, 0]);
  assert.deepEqual(alphas(drawn([1.5, 3.25])), [0, 128, 255, 64, 0, 0]);
});

test("a flat trace is as high as its stroke, about its middle", () => {
  assert.deepEqual(alphas(drawn([2.5, 2.5])), [0, 0, 255, 0, 0, 0]);
  assert.deepEqual(alphas(drawn([3, 3])), [0, 0, 128, 128, 0, 0]);
});

test("what stands back is half seen through, ends and all", () => {
  assert.deepEqual(alphas(drawn([1.5, 3.25], { strength: 0.4 })), [0, 51, 102, 26, 0, 0]);
});

test("nothing is drawn outside the band, nor for a gap", () => {
  assert.deepEqual(alphas(drawn([-5, 50], { top: 2, bottom: 4 })), [0, 0, 255, 255, 0, 0]);
  assert.deepEqual(alphas(drawn([NaN, NaN])), [0, 0, 0, 0, 0, 0]);
});

test("colours as the style sheet says them", () => {
  assert.deepEqual([colourWord("#0072b2"), colourWord("rgb(0, 114, 178)")], [0xb27200, 0xb27200]);
  assert.equal(drawn([1, 2])[1], 0xff030201);
});
