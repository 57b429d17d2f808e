import assert from "node:assert/strict";
import { test } from "node:test";

import { measured, measuredText, microvolts, valueAt } from "../../annotator/static/annotator/js/eeg/measure.js";

const CZ = { name: "Cz", scale_uv: 0.5, offset_uv: 10, samples: Int16Array.from([0, 20, -40, 60, 8]) };
const TILE = { start_s: 100, sfreq: 10, channels: [CZ] };

test("the value is that of the nearest sample, in µV", () => {
  assert.deepEqual([100, 100.1, 100.16].map((s) => valueAt(TILE, CZ, s)), [10, 20, -10]);
  assert.deepEqual([99, 100.9].map((s) => valueAt(TILE, CZ, s)), [null, null]);
  assert.equal(valueAt(TILE, { scale_uv: 1, offset_uv: 0, samples: Float32Array.from([NaN]) }, 100), null);
});

test("two cursors: how long, how often a second, how high at both ends and between", () => {
  const found = measured(TILE, CZ, 100.4, 100.1); // the other way round too
  assert.deepEqual(
    { ...found, length_s: Number(found.length_s.toFixed(9)), hz: Number(found.hz.toFixed(6)) },
    { name: "Cz", from_s: 100.1, to_s: 100.4, length_s: 0.3, hz: 3.333333, from_uv: 20, to_uv: 14, peak_uv: 50 },
  );
  assert.equal(measuredText(found), "Δt 0.300 s · 1/Δt 3.33 Hz · Cz 20.0 µV → 14.0 µV · Δ −6.0 µV · peak to peak 50.0 µV");
});

test("of an envelope the extremes between are known, the ends are not", () => {
  const channel = { name: "Cz", scale_uv: 2, offset_uv: 0, low: Int16Array.from([-3, -9, -1]), high: Int16Array.from([2, 4, 11]) };
  const found = measured({ start_s: 0, sfreq: 1, channels: [channel] }, channel, 0, 2);
  assert.deepEqual([found.from_uv, found.to_uv, found.peak_uv], [null, null, 40]);
  assert.equal(measuredText(found), "Δt 2.000 s · 1/Δt 0.50 Hz · Cz peak to peak 40.0 µV");
});

test("without a channel and without a length there is still a text", () => {
  assert.equal(measuredText(measured(TILE, undefined, 100, 100)), "Δt 0.000 s");
  assert.deepEqual([-3.14, 0, 250.4].map((value) => microvolts(value)), ["−3.1 µV", "0.0 µV", "250 µV"]);
});
