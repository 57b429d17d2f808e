import assert from "node:assert/strict";
import { test } from "node:test";

import { between, bodyOf, near, paneMarks, pressed, rangeText, within } from "../../annotator/static/annotator/js/label/intervals.js";

test("the first press begins, the second ends, whichever way", () => {
  assert.deepEqual(pressed(null, 3), { start_s: 3 });
  assert.deepEqual(pressed({ start_s: 3 }, 4.5), { start_s: 3, stop_s: 4.5 });
  assert.deepEqual(pressed({ start_s: 3 }, 1.5), { start_s: 1.5, stop_s: 3 });
});

test("one moment is no interval", () => {
  assert.equal(pressed({ start_s: 3 }, 3.01), null);
  assert.equal(between(2, 2), null);
});

test("what may not be marked is cut off", () => {
  const limits = { start_s: 10, stop_s: 35 };
  assert.deepEqual(within({ start_s: 8, stop_s: 12 }, limits), { start_s: 10, stop_s: 12 });
  assert.deepEqual(within({ start_s: 12, stop_s: 40 }, limits), { start_s: 12, stop_s: 35 });
  assert.equal(within({ start_s: 1, stop_s: 9 }, limits), null);
});

test("what is sent", () => {
  const filled = { range: { start_s: 1.23456789, stop_s: 2 }, kind: "event", channel: "Fp1", text: " blink ", mark: null };
  const body = { uuid: "u", kind: "event", start_s: 1.2346, stop_s: 2, channel: "Fp1", text: "blink" };
  assert.deepEqual(bodyOf(filled, "u"), body);
  assert.deepEqual(bodyOf({ ...filled, mark: { uuid: "old" } }, "u"), { ...body, supersedes: "old" });
});

test("times count from the clip's start", () => {
  assert.equal(rangeText({ start_s: 23.2, stop_s: 24.105 }, 20), "3.20–4.11 s");
  assert.equal(rangeText({ start_s: 19.5, stop_s: 20 }, 20), "−0.50–0.00 s");
});

test("those near the clip, in the order of time", () => {
  const [a, b, c] = [[30, 31], [11, 12], [5, 10]].map(([start_s, stop_s]) => ({ start_s, stop_s }));
  assert.deepEqual(near([a, b, c], { start_s: 10, stop_s: 35 }), [b, a]);
});

test("what the traces draw: trials, marks, and the one in hand", () => {
  const interval = { uuid: "u", kind: "artefact", start_s: 3, stop_s: 4, channel: "Fp1", text: "x" };
  const said = {
    intervals: [{ ...interval, by: "ann", is_own: true }],
    trials: [{ number: 1, start_s: 0, stop_s: 9, stimulus: "" }, { number: 2, start_s: 9, stop_s: 20, stimulus: "film" }],
  };
  assert.deepEqual(paneMarks(said, { start_s: 5 }), [
    { uuid: null, kind: "trial", start_s: 0, stop_s: 9, channel: "", text: "1" },
    { uuid: null, kind: "trial", start_s: 9, stop_s: 20, channel: "", text: "2 film" },
    interval,
    { uuid: null, kind: "open", start_s: 5, stop_s: 5, channel: "", text: "" },
  ]);
});
