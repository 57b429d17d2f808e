import assert from "node:assert/strict";
import { test } from "node:test";

import { inOrder, layoutMarks } from "../../annotator/static/annotator/js/eeg/marks.js";

const VIEW = { span: { start_s: 10, stop_s: 20 }, x: (s) => 100 + (s - 10) * 50, textWidth: (text) => text.length * 6, left: 100, right: 600 };

test("only what is in view is laid out, what reaches into it too", () => {
  const marks = inOrder([
    { start_s: 25, kind: "event", text: "later" }, { start_s: 1, stop_s: 12, kind: "artefact", text: "long" },
    { start_s: 2, kind: "event", text: "before" }, { start_s: 15, kind: "event", text: "S1" },
  ]);
  const laid = layoutMarks(marks, VIEW);
  assert.equal(laid.count, 2);
  assert.deepEqual(laid.bands, [{ x: 100, width: 100, kind: "artefact" }]);
  assert.deepEqual(laid.lines, [{ x: 200, kind: "artefact" }, { x: 350, kind: "event" }]); // its start lies outside
  assert.deepEqual(laid.labels.map(({ x, text }) => [x, text]), [[103, "long"], [353, "S1"]]);
});

test("labels that would touch are merged and say how many they are", () => {
  const marks = [10, 10.1, 10.2, 14].map((start_s, i) => ({ start_s, kind: "event", text: `S${i}` }));
  assert.deepEqual(layoutMarks(marks, VIEW).labels.map(({ text, n }) => [text, n]), [["S0 +2", 3], ["S3", 1]]);
});

test("no two labels overlap, and every mark is in one of them", () => {
  const marks = inOrder(Array.from({ length: 3000 }, (_, i) => ({ start_s: 10 + ((i * 7919) % 3000) / 300, kind: "event", text: `event ${i}` })));
  const laid = layoutMarks(marks, VIEW);
  assert.equal(laid.count, 3000);
  assert.equal(laid.labels.reduce((sum, { n }) => sum + n, 0), 3000);
  for (let i = 1; i < laid.labels.length; i += 1) {
    const before = laid.labels[i - 1];
    assert.ok(laid.labels[i].x >= before.x + VIEW.textWidth(before.text), `label ${i}`);
  }
  assert.ok(laid.lines.length <= 501); // one a pixel
});

test("marks of two kinds on one pixel are two lines, of one kind one", () => {
  const marks = [{ start_s: 12, kind: "event", text: "a" }, { start_s: 12.001, kind: "event", text: "b" }, { start_s: 12, kind: "artefact", text: "c" }];
  assert.deepEqual(layoutMarks(inOrder(marks), VIEW).lines.map(({ kind }) => kind).sort(), ["artefact", "event"]);
});
