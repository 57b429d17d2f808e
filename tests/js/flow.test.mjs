import assert from "node:assert/strict";
import { test } from "node:test";

import { answer, page, Server, settled } from "./bench.mjs";

test("submitting shows the next clip at once and stores the answer once", async (t) => {
  const server = new Server();
  const { flow, seen } = page(t, server);
  await flow.start();
  assert.equal(flow.submit(), false, "an open question holds the answer back");
  answer(flow);
  assert.equal(flow.submit(), true);
  assert.equal(flow.current.clip_id, 2, "before the server has said anything");
  await settled(flow);
  assert.deepEqual([...server.labels.values()].map(({ clip_id, values, confidence }) => ({ clip_id, values, confidence })), [{ clip_id: 1, values: { valence: 2 }, confidence: 3 }]);
  assert.equal(seen.status.last.hasOpinion, true);
  assert.equal(seen.status.last.opinion, undefined, "it is not there before it is asked for");
  assert.equal(flow.current.clip_id, 2);
});

test("what the page came with is shown before the server has said anything, and asked about", async (t) => {
  const server = new Server();
  const { flow, seen } = page(t, server, undefined, { worklist: server.worklist() });
  server.clips.shift(); // it went back to the queue since
  const { claim } = server;
  const shownBefore = [];
  server.claim = () => {
    shownBefore.push([...seen.tasks], flow.current.clip_id, flow.next.clip_id);
    return claim();
  };
  await flow.start();
  assert.deepEqual(shownBefore, [[1], 1, 2]);
  assert.deepEqual([flow.current.clip_id, flow.next.clip_id], [2, 3]);
});

test("what the page came with waits for the traces that come with it", async (t) => {
  const server = new Server();
  const { flow, seen, view } = page(t, server, undefined, { worklist: server.worklist() });
  let come;
  const foreseen = [];
  view.foresee = (task) => {
    foreseen.push(task.clip_id);
    return new Promise((resolve) => { come = resolve; });
  };
  const started = flow.start();
  assert.deepEqual([foreseen, seen.tasks], [[1], []]);
  come();
  await started;
  assert.deepEqual(seen.tasks, [1, 1]);
});

test("a page that came with nothing claims first", async (t) => {
  const server = new Server();
  const { flow, seen } = page(t, server, undefined, { worklist: { ...server.worklist(), held: [] } });
  const started = flow.start();
  assert.deepEqual([seen.tasks, seen.states], [[], []]);
  await started;
  assert.deepEqual(seen.tasks, [1]);
});

test("can't tell needs no values and sends none", async (t) => {
  const server = new Server();
  const { flow } = page(t, server);
  await flow.start();
  answer(flow);
  flow.submit("cant_tell");
  await settled(flow);
  const [label] = server.labels.values();
  assert.deepEqual([label.answer, label.values, label.confidence], ["cant_tell", {}, null]);
});

test("offline: answers are kept, survive a reload and arrive once", async (t) => {
  const server = new Server();
  const { flow, seen, storage } = page(t, server);
  await flow.start();
  server.isDown = true;
  answer(flow);
  flow.submit();
  answer(flow, 0);
  flow.submit();
  await settled(flow);
  assert.deepEqual([seen.status.nPending, seen.status.isOnline, seen.states.at(-1)], [2, false, "waiting"]);

  server.isDown = false;
  const again = page(t, server, storage);
  await again.flow.start();
  await settled(again.flow);
  assert.deepEqual([...server.labels.values()].map((label) => [label.clip_id, label.values.valence]), [[1, 2], [2, 0]]);
  assert.deepEqual([again.seen.status.nPending, again.flow.current.clip_id], [0, 3]);
});

test("an answer whose confirmation was lost is sent again under the same uuid", async (t) => {
  const server = new Server();
  const { flow } = page(t, server);
  await flow.start();
  answer(flow);
  server.loseAnswers = true;
  flow.submit();
  await settled(flow);
  server.loseAnswers = false;
  flow.networkReturned();
  await settled(flow);
  assert.equal(server.labels.size, 1);
  assert.equal(flow.box.length, 0);
});

test("undo of a stored answer brings clip and values back under a new uuid", async (t) => {
  const server = new Server();
  const { flow } = page(t, server);
  await flow.start();
  answer(flow, 1);
  const { uuid } = flow.draft;
  flow.submit();
  await settled(flow);
  await flow.undo();
  assert.equal(server.labels.size, 0);
  assert.equal(flow.current.clip_id, 1);
  assert.deepEqual([flow.draft.values, flow.draft.confidence], [{ valence: 1 }, 3]);
  assert.notEqual(flow.draft.uuid, uuid);
});

test("undo of an answer still kept here never reaches the server", async (t) => {
  const server = new Server();
  const { flow } = page(t, server);
  await flow.start();
  server.isDown = true;
  answer(flow);
  flow.submit();
  await settled(flow);
  await flow.undo();
  server.isDown = false;
  flow.networkReturned();
  await settled(flow);
  assert.deepEqual([server.labels.size, flow.current.clip_id, flow.draft.values.valence], [0, 1, 2]);
});

test("a refused answer is said, and kept as its clip's draft", async (t) => {
  const server = new Server();
  const { flow, seen } = page(t, server);
  await flow.start();
  answer(flow);
  server.refusal = { status: 409, message: "This clip is closed." };
  flow.submit();
  await settled(flow);
  assert.match(seen.messages[0], /This clip is closed/);
  assert.equal(flow.box.length, 0);
  assert.deepEqual(flow.drafts.read(1).values, { valence: 2 });
});

test("signed out: nothing is lost, the person is told", async (t) => {
  const server = new Server();
  const { flow, seen } = page(t, server);
  await flow.start();
  answer(flow);
  server.refusal = { status: 401, message: "Sign in." };
  flow.submit();
  await settled(flow);
  assert.equal(seen.isSignedOut, true);
  assert.equal(flow.box.length, 1);
});

test("a lease that ended is told on the clip it concerns", async (t) => {
  const server = new Server();
  const { flow, seen } = page(t, server);
  await flow.start();
  server.refusal = { status: 409, message: "Over." };
  await flow.leases.beat();
  assert.equal(seen.isLost, true);
  assert.equal(flow.current.clip_id, 1, "the answer can still be given, as a late one");
});

test("a clip that one has labelled opens with the answer, and a submit corrects it", async (t) => {
  const server = new Server();
  server.labels.set("old", { uuid: "old", clip_id: 2, answer: "label", values: { valence: 0 }, confidence: 1, comment: "" });
  const { flow } = page(t, server);
  await flow.openClip(2);
  assert.deepEqual(flow.draft.values, { valence: 0 });
  answer(flow, 2);
  assert.equal(flow.submit(), true);
  await settled(flow);
  assert.deepEqual([...server.labels.values()].map((label) => [label.clip_id, label.values.valence]), [[2, 2]]);
  assert.equal(flow.current.clip_id, 1, "then the queue goes on");
});

test("a clip that one neither holds nor labelled can only be looked at", async (t) => {
  const server = new Server();
  const { flow, seen } = page(t, server);
  await flow.openClip(2);
  answer(flow);
  assert.equal(flow.submit(), false);
  assert.match(seen.messages[0], /don't hold/);
});

test("an empty queue says so", async (t) => {
  const { flow, seen } = page(t, new Server(0));
  await flow.start();
  assert.deepEqual(seen.states, ["empty"]);
});
