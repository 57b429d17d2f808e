import assert from "node:assert/strict";
import { test } from "node:test";

import { columnExtremes, median, niceBelow } from "../../annotator/static/annotator/js/label/minmax.js";

test("each column holds the least and greatest of its samples", () => {
  const samples = Int16Array.from([3, -1, 4, 1, -5, 9, 2, 6]);
  assert.deepEqual([...columnExtremes(samples, { first: 0, perColumn: 4, nColumns: 2 })], [-1, 4, -5, 9]);
});

test("no sample is lost or counted twice at a fractional width", () => {
  const samples = Int16Array.from({ length: 1000 }, (_, i) => ((i * 7919) % 2001) - 1000);
  const extremes = columnExtremes(samples, { first: 0, perColumn: 1000 / 333, nColumns: 333 });
  assert.equal(Math.min(...extremes), Math.min(...samples));
  assert.equal(Math.max(...extremes), Math.max(...samples));
  const spike = new Int16Array(1000).fill(0);
  for (const at of [0, 1, 499, 500, 998, 999]) {
    spike.fill(0)[at] = 99;
    const hits = columnExtremes(spike, { first: 0, perColumn: 1000 / 333, nColumns: 333 }).filter((v) => v === 99);
    assert.equal(hits.length, 1, `spike at ${at}`);
  }
});

test("columns outside the data are NaN", () => {
  const extremes = columnExtremes(Int16Array.from([5, 6]), { first: -2, perColumn: 2, nColumns: 3 });
  assert.deepEqual([...extremes], [NaN, NaN, 5, 6, NaN, NaN]);
});

test("median of a window", () => {
  const samples = Int16Array.from([100, 7, -3, 5, 100]);
  assert.equal(median(samples, 1, 4), 5);
  assert.equal(median(samples, 1, 3), 2);
  assert.ok(Number.isNaN(median(samples, 7, 9)));
});

test("scale bars are round numbers that fit", () => {
  assert.deepEqual([0.7, 1, 49, 50, 120, 999].map(niceBelow), [0.5, 1, 20, 50, 100, 500]);
});
