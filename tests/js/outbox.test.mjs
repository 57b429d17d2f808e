import assert from "node:assert/strict";
import { test } from "node:test";

import * as outbox from "../../annotator/static/annotator/js/label/outbox.js";

const entry = (id) => ({ id, clip_id: 1, kind: "submit", body: {} });

test("strictly in order, one at a time", () => {
  let box = outbox.enqueue(outbox.enqueue([], entry("a"), 0), entry("b"), 0);
  assert.equal(outbox.nextDue(box, 0).id, "a");
  box = outbox.markSending(box, "a");
  assert.equal(outbox.nextDue(box, 0), null);
  box = outbox.remove(box, "a");
  assert.equal(outbox.nextDue(box, 0).id, "b");
});

test("the same answer is kept once", () => {
  const box = outbox.enqueue(outbox.enqueue([], entry("a"), 0), entry("a"), 5);
  assert.equal(box.length, 1);
});

test("a failed one waits longer each time, holding back those behind it", () => {
  let box = outbox.enqueue(outbox.enqueue([], entry("a"), 0), entry("b"), 0);
  const waits = [];
  let now = 0;
  for (let i = 0; i < 7; i += 1) {
    box = outbox.retryLater(outbox.markSending(box, "a"), "a", now);
    assert.equal(outbox.nextDue(box, now), null);
    waits.push(box[0].due_ms - now);
    now = box[0].due_ms;
    assert.equal(outbox.nextDue(box, now).id, "a");
  }
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16000, 30000, 30000]);
});

test("the network's return ends the waiting; a reload sends again what was under way", () => {
  let box = outbox.retryLater(outbox.markSending(outbox.enqueue([], entry("a"), 0), "a"), "a", 0);
  assert.equal(outbox.nextDue(outbox.dueNow(box, 10), 10).id, "a");
  box = outbox.markSending(box, "a");
  assert.equal(outbox.nextDue(outbox.revive(box, 20), 20).id, "a");
});

test("what a failure means", () => {
  const expected = { retry: [null, 408, 429, 500, 502, 503], "signed-out": [401], rejected: [400, 403, 404, 409, 422] };
  for (const [verdict, statuses] of Object.entries(expected)) for (const status of statuses) assert.equal(outbox.verdict(status), verdict, String(status));
});
