import assert from "node:assert/strict";
import { test } from "node:test";

import { answersOf } from "../../annotator/static/annotator/js/label/answers/values.js";
import { DraftStore, emptyDraft, fitToScheme, isEmptyDraft, mergeDrafts, missingDimensions } from "../../annotator/static/annotator/js/label/draft.js";
import { MemoryStorage } from "./support.mjs";

const SCHEME = [
  { key: "valence", title: "Valence", kind: "class", classes: ["unpleasant", "neutral", "pleasant"], levels: 0 },
  { key: "arousal", title: "Arousal", kind: "ordinal", classes: ["calm", "activated"], levels: 9 },
];

test("the newer draft wins; the local one when both are as old; broken ones count for nothing", () => {
  const local = { ...emptyDraft("a"), at: 5 };
  const server = { ...emptyDraft("b"), at: 9 };
  assert.equal(mergeDrafts(local, server).uuid, "b");
  assert.equal(mergeDrafts({ ...local, at: 9 }, server).uuid, "a");
  assert.equal(mergeDrafts(null, server).uuid, "b");
  assert.equal(mergeDrafts({ nonsense: 1 }, undefined), null);
});

test("answers that the scheme does not know are left out", () => {
  const draft = { ...emptyDraft("a"), values: { valence: 3, arousal: 9, mood: 1 }, confidence: 7 };
  assert.deepEqual(fitToScheme(draft, SCHEME).values, { arousal: 9 });
  assert.equal(fitToScheme(draft, SCHEME).confidence, null);
  assert.deepEqual(fitToScheme({ ...draft, values: { valence: 0, arousal: 0 } }, SCHEME).values, { valence: 0 });
});

test("classes count from 0, levels from 1; digits are the positions", () => {
  assert.deepEqual(answersOf(SCHEME[0])[2], { value: 2, word: "pleasant", digit: 3 });
  const levels = answersOf(SCHEME[1]);
  assert.equal(levels.length, 9);
  assert.deepEqual([levels[0], levels[8]], [{ value: 1, word: "calm", digit: 1 }, { value: 9, word: "activated", digit: 9 }]);
});

test("what is missing, what is empty", () => {
  const draft = { ...emptyDraft("a"), values: { arousal: 4 } };
  assert.deepEqual(missingDimensions(draft, SCHEME).map((dimension) => dimension.key), ["valence"]);
  assert.equal(isEmptyDraft(draft), false);
  assert.equal(isEmptyDraft(emptyDraft("a")), true);
});

test("the store keeps each person's drafts apart and forgets old ones", () => {
  const storage = new MemoryStorage();
  const mine = new DraftStore(storage, 1);
  mine.write(7, { ...emptyDraft("a"), at: 1000 });
  new DraftStore(storage, 2).write(7, { ...emptyDraft("b"), at: 1000 });
  assert.equal(mine.read(7).uuid, "a");
  mine.prune(1000 + 15 * 86_400_000);
  assert.equal(mine.read(7), null);
  assert.equal(new DraftStore(storage, 2).read(7).uuid, "b");
});

test("a full storage is no disaster, only said", () => {
  const storage = new MemoryStorage();
  storage.setItem = () => { throw new Error("full"); };
  assert.equal(new DraftStore(storage, 1).write(7, emptyDraft("a")), false);
});
