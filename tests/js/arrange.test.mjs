import assert from "node:assert/strict";
import { test } from "node:test";

import { arranged, runs } from "../../annotator/static/annotator/js/eeg/arrange.js";
import { montageOf } from "../../annotator/static/annotator/js/eeg/montage.js";

const eeg = (name) => ({ name, kind: "eeg" });
const ROWS = [{ name: "GSR", kind: "misc" }, ...["O2", "Cz", "Fp2", "Fp1", "C3"].map(eeg)];
const names = (order) => arranged(ROWS, order).map(({ index }) => ROWS[index].name);

test("by region, as recorded, by side; what is no EEG last where order is ours", () => {
  assert.deepEqual(names("region"), ["Fp1", "Fp2", "C3", "Cz", "O2", "GSR"]);
  assert.deepEqual(names("recorded"), ["GSR", "O2", "Cz", "Fp2", "Fp1", "C3"]);
  assert.deepEqual(names("sides"), ["Fp1", "C3", "Cz", "O2", "Fp2", "GSR"]);
});

test("groups are runs of neighbours", () => {
  assert.deepEqual(runs(arranged(ROWS, "sides")), [
    { group: "left", mark: "left", first: 0, count: 2 }, { group: "mid", mark: "mid", first: 2, count: 1 },
    { group: "right", mark: "right", first: 3, count: 2 }, { group: "aux", mark: "aux", first: 5, count: 1 },
  ]);
});

test("a bipolar montage keeps its chains, whatever order is chosen", () => {
  const { rows } = montageOf("banana", ["Fp1", "F7", "T7", "P7", "O1", "F3", "C3", "P3"].map(eeg));
  for (const order of ["region", "recorded", "sides"]) {
    const places = arranged(rows, order);
    assert.deepEqual(places.map(({ index }) => index), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert.deepEqual(runs(places).map(({ mark, count }) => [mark, count]), [["chain:L", 4], ["chain:L", 4]]);
  }
});

test("rows of one's own stand as they were written, what is no EEG after them", () => {
  const { rows } = montageOf("custom", ROWS, { custom: "O2, Fp1-C3, Cz" });
  for (const order of ["region", "sides"]) {
    assert.deepEqual(arranged(rows, order).map(({ index }) => rows[index].name), ["O2", "Fp1-C3", "Cz", "GSR"]);
  }
});
