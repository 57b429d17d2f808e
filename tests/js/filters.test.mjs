// The numbers themselves are compared with scipy's in tests/annotator/static/test_filters.py.

import assert from "node:assert/strict";
import { test } from "node:test";

import { OFF, isFiltering, offeredHz, padOf, sectionsFor } from "../../annotator/static/annotator/js/eeg/filters.js";
import { highPass, lowPass } from "../../annotator/static/annotator/js/eeg/butterworth.js";
import { processed } from "../../annotator/static/annotator/js/eeg/process.js";
import { runsOf, zeroPhase } from "../../annotator/static/annotator/js/eeg/zerophase.js";

const RATE = 256;
const wave = (hz, n, rate = RATE) => Float32Array.from({ length: n }, (_, i) => 50 * Math.sin((2 * Math.PI * hz * i) / rate));

test("no cut-off at or above half the rate is offered", () => {
  assert.deepEqual(offeredHz("lowPass", 256), [0, 15, 30, 40, 70]);
  assert.deepEqual(offeredHz("lowPass", 128), [0, 15, 30, 40]);
  assert.deepEqual(offeredHz("notch", 120), [0, 50]);
  assert.deepEqual(offeredHz("notch", 102), [0]);
  assert.throws(() => lowPass(4, 64, 128), /expected a cut-off between 0 and 64 Hz, got 64/);
  assert.throws(() => lowPass(3, 10, 128), /even order/);
});

test("at a coarse rate a filter that has nothing left to do is left out", () => {
  const filters = { highPass: 1, lowPass: 70, notch: 60 };
  assert.equal(sectionsFor(filters, 256).length, 5);
  assert.equal(sectionsFor(filters, 100).length, 1);
  assert.equal(sectionsFor(OFF, 256).length, 0);
  assert.deepEqual([isFiltering(OFF), isFiltering(filters)], [false, true]);
});

test("slow filters want more beside the view", () => {
  assert.deepEqual([padOf(OFF), padOf({ ...OFF, highPass: 1 }), padOf({ ...OFF, highPass: 0.1 }), padOf({ ...OFF, notch: 50 })], [0, 3, 15, 1.5]);
});

test("what passes keeps its phase and height, what does not is gone", () => {
  const sos = sectionsFor({ highPass: 1, lowPass: 30, notch: 0 }, RATE);
  const kept = zeroPhase(sos, wave(10, 2048), 768);
  const whole = wave(10, 2048);
  for (let i = 300; i < 1700; i += 1) assert.ok(Math.abs(kept[i] - whole[i]) < 0.2, `sample ${i}`);
  const gone = zeroPhase(sectionsFor({ ...OFF, notch: 50 }, RATE), wave(50, 2048), 768);
  assert.ok(Math.max(...gone.slice(400, -400).map(Math.abs)) < 0.5);
});

test("a constant is taken away whole from its first sample on, and kept whole", () => {
  const level = new Float32Array(512).fill(4000);
  assert.ok(Math.max(...zeroPhase(highPass(2, 0.5, RATE), level, 300).map(Math.abs)) < 1e-6);
  assert.ok(Math.max(...zeroPhase(lowPass(4, 30, RATE), level, 300).map((value) => Math.abs(value - 4000))) < 1e-6);
});

test("a gap stays a gap and does not smear", () => {
  const samples = wave(10, 1024);
  samples.fill(NaN, 400, 500);
  const sos = sectionsFor({ highPass: 0.5, lowPass: 40, notch: 50 }, RATE);
  const filtered = zeroPhase(sos, samples, 300);
  filtered.forEach((value, i) => assert.equal(Number.isNaN(value), i >= 400 && i < 500, `sample ${i}`));
  assert.deepEqual(filtered.slice(0, 400), zeroPhase(sos, samples.slice(0, 400), 300));
  assert.deepEqual(filtered.slice(500), zeroPhase(sos, samples.slice(500), 300));
  assert.deepEqual(runsOf([NaN, 1, 2, NaN, NaN, 3]), [[1, 3], [5, 6]]);
});

test("a single sample between two gaps is no failure", () => {
  const filtered = zeroPhase(highPass(2, 1, RATE), Float32Array.from([NaN, 7, NaN]), 100);
  assert.deepEqual([...filtered].map(Number.isNaN), [true, false, true]);
});

test("what lies beyond the view decides at its edge, so a padded view has no artefact there", () => {
  const whole = Float32Array.from({ length: 30 * RATE }, (_, i) => 40 * Math.sin(i / 9) + 200 * Math.sin(i / 700) + 900);
  const filters = { highPass: 0.5, lowPass: 40, notch: 50 };
  const sos = sectionsFor(filters, RATE);
  const padding = Math.round(padOf(filters) * RATE);
  const truth = zeroPhase(sos, whole, padding).slice(10 * RATE, 20 * RATE);
  const padded = zeroPhase(sos, whole.slice(10 * RATE - padding, 20 * RATE + padding), padding).slice(padding, -padding);
  assert.equal(padded.length, truth.length);
  padded.forEach((value, i) => assert.ok(Math.abs(value - truth[i]) < 0.5, `sample ${i}: ${value} for ${truth[i]}`));
});

test("only EEG is filtered: the level of another channel stays", () => {
  const channels = [{ name: "Cz", kind: "eeg" }, { name: "GSR", kind: "misc" }];
  const tile = { sfreq: RATE, nSamples: 600, channels: channels.map((one) => ({ ...one, scale_uv: 1, offset_uv: 100, samples: new Int16Array(600).fill(20) })) };
  const rows = channels.map(({ kind }, index) => ({ kind, terms: [[index, 1]], reference: null }));
  const [cz, gsr] = processed(tile, { rows, references: [], filters: { ...OFF, highPass: 1 } });
  assert.ok(Math.max(...cz.map(Math.abs)) < 1e-4);
  assert.ok(gsr.every((value) => value === 120));
});
