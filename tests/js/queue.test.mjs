import assert from "node:assert/strict";
import { test } from "node:test";

import { heartbeatEvery_ms, pickCurrent, pickNext, progressOf } from "../../annotator/static/annotator/js/label/queue.js";
import { STRINGS } from "../../annotator/static/annotator/js/label/strings.js";

const HELD = [{ clip_id: 1 }, { clip_id: 2 }, { clip_id: 3 }];

test("the clip on the page stays while it is held; an answered one is passed over", () => {
  assert.equal(pickCurrent(HELD).clip_id, 1);
  assert.equal(pickCurrent(HELD, { currentId: 2 }).clip_id, 2);
  assert.equal(pickCurrent(HELD, { currentId: 9 }).clip_id, 1);
  assert.equal(pickCurrent(HELD, { currentId: 1, pending: [1, 2] }).clip_id, 3);
  assert.equal(pickCurrent(HELD, { pending: [1, 2, 3] }), null);
  assert.equal(pickNext(HELD, { currentId: 1, pending: [2] }).clip_id, 3);
});

test("a lease is renewed at a third of it", () => {
  assert.equal(heartbeatEvery_ms(300), 100_000);
  assert.equal(heartbeatEvery_ms(3), 5_000);
  assert.equal(heartbeatEvery_ms(undefined), 100_000);
});

test("progress counts what is on its way", () => {
  const progress = { labelled_today: 40, open_clips: 80 };
  assert.deepEqual(progressOf(progress, 2), { done: 42, total: 120, isMore: false, fraction: 0.35 });
  assert.equal(STRINGS.progress(progressOf(progress, 2)), "clip 43 of today’s 120");
  const many = progressOf({ labelled_today: 3, open_clips: 1000, more_clips: true });
  assert.equal(STRINGS.progress(many), "clip 4 of today’s 1003 and more");
  assert.equal(progressOf({ labelled_today: 0, open_clips: 0 }).fraction, 0);
  assert.equal(STRINGS.progressDone({ done: 1 }), "1 answer today");
});
