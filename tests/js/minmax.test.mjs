import assert from "node:assert/strict";
import { test } from "node:test";

import { columnBins, columnExtremes, columnReach, niceBelow } from "../../annotator/static/annotator/js/label/minmax.js";

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

test("a trace between two samples reaches over the columns between them, and neighbours touch", () => {
  const reach = columnReach(Float32Array.from([0, 10, 4]), { first: 0, perColumn: 0.5, nColumns: 5 });
  assert.deepEqual([...reach], [0, 5, 5, 10, 7, 10, 4, 7, 4, 4]);
});

test("it does not bridge a gap, and ends with the data", () => {
  const reach = columnReach(Float32Array.from([1, NaN, 3, 4]), { first: -1, perColumn: 1, nColumns: 5 });
  assert.deepEqual([...reach], [1, 1, 1, 1, 3, 3, 3, 4, 4, 4]);
});

test("columns outside the data are NaN", () => {
  const extremes = columnExtremes(Int16Array.from([5, 6]), { first: -2, perColumn: 2, nColumns: 3 });
  assert.deepEqual([...extremes], [NaN, NaN, 5, 6, NaN, NaN]);
});

test("scale bars are round numbers that fit", () => {
  assert.deepEqual([0.7, 1, 49, 50, 120, 999].map(niceBelow), [0.5, 1, 20, 50, 100, 500]);
});

const ENVELOPE = { low: Int16Array.from([-1, -9, -2, -3]), high: Int16Array.from([1, 2, 9, 3]) };

test("columns of an envelope join the bins that they touch", () => {
  assert.deepEqual([...columnBins(ENVELOPE, { first: 0, perColumn: 2, nColumns: 2 })], [-9, 2, -3, 9]);
  assert.deepEqual([...columnBins(ENVELOPE, { first: 0.5, perColumn: 1.5, nColumns: 2 })], [-9, 2, -3, 9]);
});

test("columns narrower than a bin each show the bin they lie in", () => {
  const extremes = columnBins(ENVELOPE, { first: 1, perColumn: 0.5, nColumns: 4 });
  assert.deepEqual([...extremes], [-9, 2, -9, 2, -2, 9, -2, 9]);
});

test("no extreme of an envelope is lost at a fractional width", () => {
  for (const at of [0, 1, 333, 498, 499]) {
    const low = new Int16Array(500);
    const high = new Int16Array(500);
    low[at] = -7;
    high[at] = 7;
    const extremes = columnBins({ low, high }, { first: 0, perColumn: 500 / 333, nColumns: 333 });
    assert.deepEqual([Math.min(...extremes), Math.max(...extremes)], [-7, 7], `spike at ${at}`);
  }
});

test("columns outside an envelope are NaN", () => {
  assert.deepEqual([...columnBins(ENVELOPE, { first: -1, perColumn: 1, nColumns: 2 })], [NaN, NaN, -1, 1]);
  assert.deepEqual([...columnBins(ENVELOPE, { first: 4, perColumn: 1, nColumns: 1 })], [NaN, NaN]);
});
