// How old the server's draft may be while somebody goes on typing: by a clock of the test's own, request for request.
import assert from "node:assert/strict";
import { test } from "node:test";

import { page, Server } from "./bench.mjs";

const BOUND_MS = 2000;

// A network that takes its time and notes what has arrived.
function slow(server, takes_ms) {
  const arrived = { comment: "", order: [], n_under_way: 0, most_under_way: 0 };
  server.saveDraft = (_clip, draft) => new Promise((resolve) => {
    arrived.n_under_way += 1;
    arrived.most_under_way = Math.max(arrived.most_under_way, arrived.n_under_way);
    setTimeout(() => {
      arrived.comment = draft.comment;
      arrived.order.push(draft.comment.length);
      arrived.n_under_way -= 1;
      resolve(null);
    }, takes_ms);
  });
  return arrived;
}

async function pass(t, ms) {
  t.mock.timers.tick(ms);
  for (let n = 0; n < 20; n += 1) await Promise.resolve();
}

for (const takes_ms of [20, 300, 900]) {
  test(`while typing without a pause, requests of ${takes_ms} ms: never older than 2 s`, async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 });
    const server = new Server();
    const { flow } = page(t, server);
    await flow.start();
    const arrived = slow(server, takes_ms);
    const typed_at = [];
    let oldest_ms = 0;
    for (let n = 0; n < 400; n += 1) {
      if (n % 4 === 0 && n < 300) {
        typed_at.push(Date.now());
        flow.change({ comment: "x".repeat(typed_at.length) });
      }
      await pass(t, 25);
      const missing = typed_at[arrived.comment.length];
      if (missing !== undefined) oldest_ms = Math.max(oldest_ms, Date.now() - missing);
    }
    assert.equal(arrived.comment.length, typed_at.length, "in the end all of it is there");
    assert.ok(oldest_ms > 0 && oldest_ms <= BOUND_MS, `${oldest_ms} ms`);
    assert.equal(arrived.most_under_way, 1, "an older draft can't overtake a newer one");
    assert.deepEqual(arrived.order, [...arrived.order].sort((a, b) => a - b));
  });
}

test("a draft that did not get through goes by itself once the network is back", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 });
  const server = new Server();
  const { flow, seen } = page(t, server);
  await flow.start();
  server.isDown = true;
  flow.change({ comment: "looks away" });
  await pass(t, 1500);
  assert.deepEqual([seen.saved, server.drafts.size], ["local", 0]);
  server.isDown = false;
  await pass(t, 6000);
  await pass(t, 6000);
  assert.equal(server.drafts.get(1).comment, "looks away");
  assert.equal(seen.saved, "saved");
});

test("a draft is not sent again as long as nothing changes", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 });
  const server = new Server();
  const { flow } = page(t, server);
  await flow.start();
  const arrived = slow(server, 20);
  flow.change({ comment: "once" });
  for (let n = 0; n < 20; n += 1) await pass(t, 500);
  assert.deepEqual(arrived.order, [4]);
});

test("a device that was only left open does not push its older draft over a newer one", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 });
  const server = new Server();
  const { flow } = page(t, server);
  await flow.start();
  flow.change({ comment: "first device" });
  await pass(t, 1500);
  server.drafts.set(1, { ...flow.draft, comment: "second device", at: Date.now() + 1 });
  await pass(t, 60_000);
  flow.becameHidden();
  await pass(t, 60_000);
  assert.equal(server.drafts.get(1).comment, "second device");
});

test("a draft that only this device has is sent once its clip is on the page again", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 });
  const server = new Server();
  const before = page(t, server);
  await before.flow.start();
  before.flow.change({ comment: "typed just before the tab was killed" });
  const after = page(t, server, before.storage);
  await after.flow.start();
  await pass(t, 1500);
  assert.equal(server.drafts.get(1).comment, "typed just before the tab was killed");
});
