import assert from "node:assert/strict";
import { test } from "node:test";

import { notices, numberText, whyRows } from "../../annotator/static/annotator/js/label/whywords.js";

const WHY = {
  policy: "entropy", policy_text: "Entropy of the prediction", term: "audit", term_text: "Drawn at random.", route: "main", ask: "face",
  ask_text: "Judge by the face only: the EEG is bad here.", notices: ["Judge by the face only: the EEG is bad here."], rank: 7, round: 2, score: 0.97,
  scores: [
    { name: "entropy", title: "Uncertainty (entropy)", meaning: "0 certain … 1 undecided", parts: [{ of: "", value: 0.97 }] },
    { name: "evidence", title: "Evidence", meaning: "by modality", parts: [{ of: "eeg", value: 2.5 }, { of: "face", value: 14.25 }] },
  ],
};

test("every fact has a row, in order", () => {
  assert.deepEqual(whyRows(WHY), [
    { name: "Ranking by", value: "Entropy of the prediction", note: "" },
    { name: "Why here", value: "Drawn at random.", note: "" },
    { name: "Judge by", value: "Judge by the face only: the EEG is bad here.", note: "" },
    { name: "Rank", value: "7", note: "" },
    { name: "Round", value: "2", note: "" },
    { name: "Uncertainty (entropy)", value: "0.970", note: "0 certain … 1 undecided" },
    { name: "Evidence", value: "eeg 2.500, face 14.3", note: "by modality" },
  ]);
});

test("what is not known is said, not shown as null", () => {
  const values = whyRows({ policy: "address", policy_text: "Opened by its address", rank: null, round: null, scores: [] }).map(({ value }) => value);
  assert.deepEqual(values, ["Opened by its address", "none", "before the first", "none"]);
  assert.deepEqual(whyRows(undefined)[0].value, "its address");
});

test("what the gate found has a row where there is something to say", () => {
  const rows = whyRows({ ...WHY, ask_text: "", gate_text: "Its signals measure as good." });
  assert.deepEqual(rows[2], { name: "Signals", value: "Its signals measure as good.", note: "" });
});

test("notices are those of the server", () => {
  assert.deepEqual(notices(WHY), WHY.notices);
  assert.deepEqual(notices({}), []);
});

test("numbers keep three digits, small ones their size", () => {
  assert.deepEqual([0, 0.5, 9.9994, 12.34, -0.25, 0.0000123].map(numberText), ["0.000", "0.500", "9.999", "12.3", "-0.250", "1.2e-5"]);
});
