import assert from "node:assert/strict";
import { test } from "node:test";

import { regionOf, sideOf, stackOrder } from "../../annotator/static/annotator/js/label/channels.js";

const eeg = (name) => ({ name, kind: "eeg" });

test("regions by the 10–20 names", () => {
  const expected = {
    Fp1: "frontopolar", AF4: "frontopolar", F3: "frontal", Fz: "frontal", FC5: "central", Cz: "central", C3: "central",
    T7: "temporal", FT9: "temporal", TP10: "temporal", CP1: "parietal", Pz: "parietal", P7: "parietal", PO3: "occipital", Oz: "occipital",
    "EEG Fp2": "frontopolar", M1: "other", Ch1: "other", A7: "other",
  };
  for (const [name, region] of Object.entries(expected)) assert.equal(regionOf(eeg(name)), region, name);
  assert.equal(regionOf({ name: "ECG", kind: "ecg" }), "aux");
});

test("sides: odd left, even right, z between", () => {
  assert.deepEqual(["F3", "Fz", "F10", "PO4", "Ch1"].map((name) => sideOf(eeg(name))), ["left", "mid", "right", "right", "mid"]);
});

test("front to back, left to right, aux last, as recorded among equals", () => {
  const channels = [{ name: "GSR", kind: "misc" }, ...["O2", "Cz", "Fp2", "C4", "Fp1", "C3", "F3", "F7"].map(eeg)];
  assert.deepEqual(stackOrder(channels).map((i) => channels[i].name), ["Fp1", "Fp2", "F3", "F7", "C3", "Cz", "C4", "O2", "GSR"]);
});
