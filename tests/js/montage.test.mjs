import assert from "node:assert/strict";
import { test } from "node:test";

import { electrodeName } from "../../annotator/static/annotator/js/eeg/electrodes.js";
import { montageOf, offeredMontages, parseCustom } from "../../annotator/static/annotator/js/eeg/montage.js";
import { processed } from "../../annotator/static/annotator/js/eeg/process.js";
import { OFF } from "../../annotator/static/annotator/js/eeg/filters.js";

const TEN_TWENTY = "Fp1 Fp2 F7 F3 Fz F4 F8 T7 C3 Cz C4 T8 P7 P3 Pz P4 P8 O1 O2".split(" ");
const eeg = (names, bad = []) => names.map((name) => ({ name, kind: "eeg", isBad: bad.includes(name) }));
const rowNames = (made) => made.rows.map(({ name }) => name);

// Each channel k holds 10 · (k + 1) µV, written in steps and with an offset of its own.
function tileOf(channels) {
  const steps = [0.5, 0.25, 2, 0.125];
  return {
    sfreq: 256, nSamples: 3,
    channels: channels.map((channel, k) => {
      const [scale_uv, offset_uv] = [steps[k % 4], 2 * ((k % 3) - 1)];
      return { ...channel, scale_uv, offset_uv, samples: new Int16Array(3).fill((10 * (k + 1) - offset_uv) / scale_uv) };
    }),
  };
}

const values = (name, channels, options) => {
  const made = montageOf(name, channels, options);
  return Object.fromEntries(processed(tileOf(channels), { ...made, filters: OFF }).map((samples, i) => [made.rows[i].name, samples[0]]));
};

test("one electrode, however it is called", () => {
  assert.deepEqual(["Fp1", "EEG FP1-REF", "Fp1.", "T3", "eeg t6-LE", "PO10"].map(electrodeName), ["FP1", "FP1", "FP1", "T7", "P8", "PO10"]);
});

test("as recorded every channel is itself, in µV", () => {
  assert.deepEqual(values("recorded", eeg(["A", "B", "C"])), { A: 10, B: 20, C: 30 });
});

test("a bipolar row of channels in different steps comes out in µV", () => {
  const row = values("custom", eeg(["Fp1", "F7", "Cz"]), { custom: "Fp1-F7, Cz-Fp1" });
  assert.deepEqual(row, { "Fp1-F7": -10, "Cz-Fp1": 20 });
});

test("the average is of the good channels alone, and taken off the bad ones too", () => {
  assert.deepEqual(values("average", eeg(["A", "B", "C"], ["C"])), { A: -5, B: 5, C: 15 });
  assert.equal(montageOf("average", eeg(["A", "B"], ["B"])), null);
});

test("aux channels follow every montage as they are", () => {
  const channels = [...eeg(["A", "B"]), { name: "ECG", kind: "ecg" }];
  assert.deepEqual(values("average", channels), { A: -5, B: 5, ECG: 30 });
});

test("linked mastoids are offered only where both are there and good", () => {
  assert.deepEqual(values("mastoids", eeg(["Cz", "M1", "M2"])), { Cz: -15, M1: -5, M2: 5 });
  assert.deepEqual(values("mastoids", eeg(["Cz", "TP9", "TP10"])), { Cz: -15, TP9: -5, TP10: 5 });
  assert.equal(montageOf("mastoids", eeg(["Cz", "M1"])), null);
  assert.equal(montageOf("mastoids", eeg(["Cz", "M1", "M2"], ["M2"])), null);
  // with a bad M2 the next pair stands in
  assert.deepEqual(values("mastoids", eeg(["Cz", "M1", "M2", "A1", "A2"], ["M2"])).Cz, 10 - 45);
});

test("the banana's chains, front to back", () => {
  assert.deepEqual(rowNames(montageOf("banana", eeg(TEN_TWENTY))), [
    "Fp1-F7", "F7-T7", "T7-P7", "P7-O1", "Fp1-F3", "F3-C3", "C3-P3", "P3-O1", "Fz-Cz", "Cz-Pz",
    "Fp2-F4", "F4-C4", "C4-P4", "P4-O2", "Fp2-F8", "F8-T8", "T8-P8", "P8-O2",
  ]);
});

test("the banana of a recording with the old names", () => {
  const old = TEN_TWENTY.map((name) => ({ T7: "T3", T8: "T4", P7: "T5", P8: "T6" })[name] ?? name);
  assert.deepEqual(rowNames(montageOf("banana", eeg(old))).slice(0, 4), ["Fp1-F7", "F7-T3", "T3-T5", "T5-O1"]);
});

test("a missing electrode leaves its two links out, it is not bridged", () => {
  const made = montageOf("banana", eeg(TEN_TWENTY.filter((name) => name !== "T7")));
  assert.ok(!rowNames(made).some((name) => /T7/.test(name) || name === "F7-P7"));
  assert.equal(made.rows.length, 16);
  assert.equal(montageOf("banana", eeg(["Fp1", "F7", "Cz"])), null);
});

test("the transverse rows, left to right", () => {
  assert.deepEqual(rowNames(montageOf("transverse", eeg(TEN_TWENTY))), [
    "Fp1-Fp2", "F7-F3", "F3-Fz", "Fz-F4", "F4-F8", "T7-C3", "C3-Cz", "Cz-C4", "C4-T8", "P7-P3", "P3-Pz", "Pz-P4", "P4-P8", "O1-O2",
  ]);
});

test("a bipolar row with a bad end is marked as bad", () => {
  const { rows } = montageOf("banana", eeg(TEN_TWENTY, ["F7"]));
  assert.deepEqual(rows.filter(({ isBad }) => isBad).map(({ name }) => name), ["Fp1-F7", "F7-T7"]);
});

test("Hjorth's Laplacian: the four nearest, good ones alone, and nothing of what all share", () => {
  const channels = eeg(TEN_TWENTY);
  const near = (made, name) => made.rows.find((row) => row.name === name).terms.slice(1).map(([index]) => channels[index].name).sort();
  const made = montageOf("laplacian", channels);
  assert.deepEqual(near(made, "Cz"), ["C3", "C4", "Fz", "Pz"]);
  assert.deepEqual(near(made, "C3"), ["Cz", "F3", "P3", "T7"]);
  for (const { terms } of made.rows) assert.ok(Math.abs(terms.reduce((sum, [, weight]) => sum + weight, 0)) < 1e-12);
  const without = montageOf("laplacian", eeg(TEN_TWENTY, ["Fz"]));
  assert.ok(!near(without, "Cz").includes("Fz"));
  // Cz among equally distant neighbours is Cz less their plain mean
  const cz = values("laplacian", channels).Cz;
  const mean = ["C3", "C4", "Fz", "Pz"].reduce((sum, name) => sum + 10 * (TEN_TWENTY.indexOf(name) + 1), 0) / 4;
  assert.ok(Math.abs(cz - (100 - mean)) < 1e-3);
});

test("what is offered depends on the electrodes", () => {
  assert.deepEqual(offeredMontages(eeg(TEN_TWENTY)), ["recorded", "average", "banana", "transverse", "laplacian", "custom"]);
  assert.deepEqual(offeredMontages(eeg(["Ch1", "Ch2", "M1", "M2"])), ["recorded", "average", "mastoids", "custom"]);
  assert.deepEqual(offeredMontages([{ name: "ECG", kind: "ecg" }]), ["recorded", "custom"]);
});

test("custom rows: pairs, the average, a mean of several, a channel alone, names with hyphens", () => {
  const channels = eeg(["EEG Fp1-REF", "EEG F7-REF", "Cz", "M1", "M2"]);
  assert.deepEqual(values("custom", channels, { custom: "fp1-f7; Cz-avg\nCz-M1+M2, M1, EEG Fp1-REF" }), {
    "Fp1-F7": -10, "Cz-avg": 0, "Cz-M1+M2": -15, M1: 40, "EEG Fp1-REF": 10,
  });
});

test("custom text that can't be read is refused in one sentence", () => {
  const channels = eeg(["Fp1", "F7"]);
  assert.match(parseCustom("Fp1-F7, Fp9-F7", channels).error, /^“Fp9” is no EEG channel of this recording: .*\.$/);
  assert.match(parseCustom("Fp1-XY", channels).error, /^“XY” in “Fp1-XY” is no EEG channel/);
  assert.match(parseCustom("Fp1-Fp1", channels).error, /takes a channel off itself/);
  assert.match(parseCustom("  ,", channels).error, /Name at least one row/);
  assert.equal(montageOf("custom", channels, { custom: "nonsense" }), null);
});
