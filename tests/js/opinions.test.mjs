import assert from "node:assert/strict";
import { test } from "node:test";

import { answer, page, Server, settled } from "./bench.mjs";

async function answered(t, server) {
  const { flow, seen } = page(t, server);
  await flow.start();
  answer(flow, 0);
  flow.submit();
  await settled(flow);
  return { flow, seen };
}

test("the opinion is shown when asked for, once, and only after the answer is stored", async (t) => {
  const server = new Server();
  const { flow, seen } = page(t, server);
  await flow.start();
  await flow.askOpinion();
  server.isDown = true;
  answer(flow, 0);
  flow.submit();
  await settled(flow);
  await flow.askOpinion();
  assert.deepEqual(server.seen, [], "neither without an answer nor while it is on its way");
  server.isDown = false;
  flow.networkReturned();
  await settled(flow);
  await flow.askOpinion();
  await flow.askOpinion();
  assert.deepEqual(server.seen, [flow.last.uuid]);
  assert.deepEqual(seen.status.last.opinion, { valence: [0.1, 0.2, 0.7] });
});

test("where there is none, none is asked for", async (t) => {
  const server = new Server();
  server.hasOpinion = false;
  const { flow } = await answered(t, server);
  await flow.askOpinion();
  assert.deepEqual(server.seen, []);
});

test("an answer is not undone after a look; it is corrected, and the clip on the page keeps its draft", async (t) => {
  const server = new Server();
  const { flow, seen } = await answered(t, server);
  const first = flow.last.uuid;
  await flow.askOpinion();
  await flow.undo();
  assert.equal(server.labels.has(first), true);
  assert.match(seen.said.at(-1), /correct the answer instead/);

  flow.change({ values: { valence: 1 } });
  await flow.correctLast();
  assert.equal(flow.current.clip_id, 1);
  assert.deepEqual(flow.draft.values, { valence: 0 });
  assert.match(seen.messages.at(-1), /beside your first answer/);
  answer(flow, 2);
  assert.equal(flow.submit(), true);
  await settled(flow);
  assert.deepEqual([...server.labels.values()].map((label) => [label.clip_id, label.values.valence]), [[1, 2]]);
  assert.equal(flow.current.clip_id, 2);
  assert.deepEqual(flow.draft.values, { valence: 1 });
  assert.equal(flow.last, null, "what was corrected is not undone");
});

test("an opinion that can't be fetched says that the answer is stored", async (t) => {
  const server = new Server();
  const { flow, seen } = await answered(t, server);
  server.isDown = true;
  await flow.askOpinion();
  assert.match(seen.messages.at(-1), /Your answer is stored/);
  assert.equal(flow.last.opinion, undefined);
});

test("several answers in a row are undone one after the other, the newest first", async (t) => {
  const server = new Server(12);
  const { flow } = page(t, server);
  await flow.start();
  for (let n = 0; n < 11; n += 1) {
    answer(flow, n % 3);
    flow.submit();
    await settled(flow);
  }
  const back = [];
  while (flow.last) {
    await flow.undo();
    back.push([flow.current.clip_id, flow.draft.values.valence]);
  }
  assert.deepEqual(back, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2].map((clip) => [clip, (clip - 1) % 3]), "ten at most");
  assert.equal(server.labels.size, 1);
});
