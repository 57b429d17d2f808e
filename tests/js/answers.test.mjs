import assert from "node:assert/strict";
import { test } from "node:test";

import { describe, fits, isWhole, questionsOf } from "../../annotator/static/annotator/js/label/answers/values.js";
import { emptyDraft, fitToScheme, missingDimensions } from "../../annotator/static/annotator/js/label/draft.js";

const dimension = (kind, classes, levels = 0) => ({ key: "mood", title: "Mood", kind, classes, levels });
const EMOTIONS = dimension("emotions", ["joy", "fear"], 3);
const GRID = dimension("grid", ["unpleasant", "pleasant", "sleepy", "aroused"], 9);
const VAS = dimension("vas", ["bad", "good"], 3);
const TRACE = dimension("trace", ["bad", "good"]);
const events = { video_s: [0, 1, 5], wall_ms: [0, 1, 5], value: [0, 0.5, 0.5], device: "bme" };

test("an answer fits its question, or is left out", () => {
  const good = [[EMOTIONS, {}], [EMOTIONS, { joy: 3, fear: 1 }], [GRID, [1, 9]], [VAS, 0], [VAS, 33.3], [TRACE, { events, coverage: 1 }], [TRACE, { sha256: "ab", coverage: 1 }]];
  for (const [asked, value] of good) assert.equal(fits(asked, value), true, `${asked.kind} ${JSON.stringify(value)}`);
  const bad = [[EMOTIONS, 1], [EMOTIONS, []], [EMOTIONS, { anger: 1 }], [EMOTIONS, { joy: 4 }], [GRID, [0, 1]], [GRID, [1]], [GRID, 5], [VAS, 101], [VAS, NaN], [TRACE, 1],
    [TRACE, { events: { ...events, device: "be" } }], [TRACE, {}], [VAS, undefined], [EMOTIONS, null]];
  for (const [asked, value] of bad) assert.equal(fits(asked, value), false, `${asked.kind} ${JSON.stringify(value)}`);
});

test("a draft keeps every kind and drops what another scheme left", () => {
  const scheme = [EMOTIONS, GRID, VAS, TRACE].map((one, i) => ({ ...one, key: `q${i}`, title: `Q${i}` }));
  const values = { q0: { joy: 2 }, q1: [4, 5], q2: 50, q3: { events, coverage: 0.5 } };
  assert.deepEqual(fitToScheme({ ...emptyDraft("a"), values: { ...values, old: 1 } }, scheme).values, values);
  assert.deepEqual(fitToScheme({ ...emptyDraft("a"), values: { q0: 2, q1: 2, q2: [1, 2], q3: 4 } }, scheme).values, {});
  const missing = (given) => missingDimensions({ values: given }, scheme).map(({ key }) => key);
  assert.deepEqual(missing({}), ["q0", "q1", "q2", "q3"]);
  assert.deepEqual(missing({ ...values, q0: {}, q2: 0 }), ["q3"]);
  assert.deepEqual(missing({ ...values, q3: { ...values.q3, accepts_gaps: true } }), []);
});

test("a trace is whole from 95 % on, by a clear word, or once the server has it", () => {
  assert.equal(isWhole(TRACE, { events, coverage: 0.95 }), true);
  assert.equal(isWhole(TRACE, { events, coverage: 0.94 }), false);
  assert.equal(isWhole(TRACE, { events, coverage: 0.1, accepts_gaps: true }), true);
  assert.equal(isWhole(TRACE, { events, coverage: 0, accepts_gaps: true }), false);
  assert.equal(isWhole(TRACE, { sha256: "ab", coverage: 0.2 }), true);
});

test("answers in words", () => {
  assert.deepEqual(
    [[EMOTIONS, { joy: 3, fear: 1 }], [EMOTIONS, {}], [GRID, [4, 9]], [VAS, 49.6], [TRACE, { coverage: 0.978 }], [VAS, undefined]].map(([one, value]) => describe(one, value)),
    ["joy 3 + fear 1", "none of these", "4/9", "50", "97 % of the clip", "–"],
  );
});

test("what a model answers in their place", () => {
  assert.deepEqual(questionsOf(EMOTIONS)[0].classes, ["joy", "fear", "none of these"]);
  assert.deepEqual(questionsOf(GRID).map(({ key, levels }) => [key, levels]), [["mood_valence", 9], ["mood_arousal", 9]]);
  assert.deepEqual(questionsOf(VAS)[0].classes, ["0 to 33", "33 to 67", "67 to 100"]);
  assert.equal(questionsOf(TRACE)[0].classes.length, 3);
});
