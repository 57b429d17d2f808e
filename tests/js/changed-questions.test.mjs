// The study's questions change while somebody answers: nothing is lost, nothing changes under their hands.
import assert from "node:assert/strict";
import { test } from "node:test";

import { isAskedAlike, marksOf } from "../../annotator/static/annotator/js/label/answers/asked.js";
import { emptyDraft, fitToScheme } from "../../annotator/static/annotator/js/label/draft.js";
import { STRINGS } from "../../annotator/static/annotator/js/label/strings.js";
import { answer, page, SCHEME, Server, settled } from "./bench.mjs";

const [VALENCE] = SCHEME;
const AROUSAL = { key: "arousal", title: "Arousal", kind: "class", classes: ["calm", "awake"], levels: 0 };
const TURNED = { ...VALENCE, classes: [...VALENCE.classes].reverse() };

function ask(server, ...scheme) {
  Object.assign(server, { scheme, version: `v${scheme.length}${scheme[0].classes[0]}` });
}

test("a kept answer is worth nothing once its question has changed, even where it would fit", () => {
  const draft = { ...emptyDraft("a"), values: { valence: 2, arousal: 1 }, asked: marksOf([VALENCE, AROUSAL]), comment: "x" };
  assert.deepEqual(fitToScheme(draft, [AROUSAL, VALENCE]).values, { arousal: 1, valence: 2 });
  const fitted = fitToScheme(draft, [TURNED, AROUSAL]);
  assert.deepEqual([fitted.values, fitted.comment], [{ arousal: 1 }, "x"]);
  assert.deepEqual(fitToScheme(fitted, [TURNED, AROUSAL]).values, { arousal: 1 }); // it is marked by what it fits now
  for (const other of [{ title: "Felt valence" }, { classes: [...VALENCE.classes, "mixed"] }, { kind: "ordinal", levels: 3 }]) {
    assert.equal(isAskedAlike(marksOf([VALENCE]), { ...VALENCE, ...other }), false);
  }
  assert.equal(isAskedAlike(marksOf([AROUSAL]), VALENCE), false); // a question that is new
  assert.deepEqual(fitToScheme({ ...emptyDraft("a"), values: { valence: 2 } }, [VALENCE]).values, { valence: 2 }); // of an older version
});

test("an answer to other questions is refused, kept, and comes back with the form that is asked now", async (t) => {
  const server = new Server();
  const { flow, seen } = page(t, server);
  await flow.start();
  flow.change({ values: { valence: 2 }, confidence: 3, comment: "a smile" });
  ask(server, VALENCE, AROUSAL);
  assert.equal(flow.submit(), true);
  await settled(flow);
  assert.equal(server.labels.size, 0);
  assert.equal(flow.current.clip_id, 2); // the next one, as it was
  assert.deepEqual(flow.scheme, SCHEME);
  assert.equal(seen.messages.at(-1), STRINGS.rejected("The questions have changed."));
  assert.equal(seen.offers.offersForm, true);
  assert.deepEqual([flow.box, flow.last], [[], null]);

  await flow.reloadForm();
  assert.equal(flow.current.clip_id, 1);
  assert.deepEqual(flow.scheme, [VALENCE, AROUSAL]);
  assert.deepEqual([flow.draft.values, flow.draft.confidence, flow.draft.comment], [{ valence: 2 }, 3, "a smile"]);
  assert.match(flow.openQuestion(), /Arousal/);
  flow.change({ values: { arousal: 1 } });
  flow.submit();
  await settled(flow);
  assert.deepEqual([...server.labels.values()].map(({ clip_id, values }) => [clip_id, values]), [[1, { valence: 2, arousal: 1 }]]);
  assert.equal(flow.current.clip_id, 2);
});

test("what meant another answer is asked again", async (t) => {
  const server = new Server();
  const { flow } = page(t, server);
  await flow.start();
  answer(flow, 2);
  ask(server, TURNED);
  flow.submit();
  await settled(flow);
  await flow.reloadForm();
  assert.deepEqual([flow.draft.values, flow.draft.confidence], [{}, 3]);
});

test("answers that waited for the network are refused one by one, and each is kept", async (t) => {
  const server = new Server(4);
  const { flow, seen, storage } = page(t, server);
  await flow.start();
  server.isDown = true;
  answer(flow);
  flow.submit();
  answer(flow, 1);
  flow.submit();
  await settled(flow);
  ask(server, VALENCE, AROUSAL);
  server.isDown = false;
  flow.networkReturned();
  for (let i = 0; i < 10; i += 1) await settled(flow);
  assert.equal(server.labels.size, 0);
  assert.deepEqual(flow.box, []);
  const kept = [1, 2].map((clip) => JSON.parse(storage.getItem(`concord:draft:1:${clip}`)).values);
  assert.deepEqual(kept, [{ valence: 2 }, { valence: 1 }]);
  assert.deepEqual(flow.scheme, [VALENCE, AROUSAL]); // nothing else was on the page: the clip is back by itself
  assert.equal(flow.current.clip_id, 1);
  assert.deepEqual(flow.draft.values, { valence: 2 });
  assert.ok(seen.messages.includes(STRINGS.rejected("The questions have changed.")));
});

test("an answer without values is taken, and the next clip asks what is asked now", async (t) => {
  const server = new Server();
  const { flow, seen } = page(t, server);
  await flow.start();
  ask(server, VALENCE, AROUSAL);
  flow.submit("bad_signal");
  await settled(flow);
  assert.equal(server.labels.size, 1);
  assert.deepEqual(flow.scheme, [VALENCE, AROUSAL]);
  assert.equal(flow.current.clip_id, 2);
  assert.deepEqual(seen.messages, []);
});

test("new questions never come up under somebody's hands", async (t) => {
  const server = new Server();
  const { flow, seen } = page(t, server);
  await flow.start();
  answer(flow, 1);
  ask(server, TURNED, AROUSAL);
  await flow.claim();
  assert.deepEqual([flow.scheme, flow.draft.values], [SCHEME, { valence: 1 }]);
  assert.deepEqual([seen.messages, seen.offers], [[STRINGS.questionsChanged], { offersForm: true }]);
  await flow.reloadForm();
  assert.equal(flow.current.clip_id, 1);
  assert.deepEqual([flow.scheme, flow.draft.values], [[TURNED, AROUSAL], {}]);
});

test("where nothing is answered yet the new questions are there at once", async (t) => {
  const server = new Server();
  const { flow, seen } = page(t, server);
  await flow.start();
  ask(server, AROUSAL);
  await flow.claim();
  assert.deepEqual([flow.scheme, flow.current.clip_id, seen.messages], [[AROUSAL], 1, []]);
});
