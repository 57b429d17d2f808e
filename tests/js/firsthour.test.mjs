import assert from "node:assert/strict";
import { test } from "node:test";

import { practised, stateText, stripText } from "../../annotator/static/annotator/js/label/firsthourwords.js";
import { answer, page, Server, settled } from "./bench.mjs";
import { MemoryStorage } from "./support.mjs";

const PRACTICE = { stage: "practice", n_answered: 1, n_practice: 5, n_within: 1, n_needed: 4, contact: "" };
const REPEAT = { ...PRACTICE, stage: "repeat", n_answered: 5, n_within: 2, contact: "Ada" };

test("the strip says which practice clip it is, and nothing on the queue's clips", () => {
  assert.match(stripText(PRACTICE), /^Practice clip 2 of 5/);
  assert.equal(stripText(null), "");
  assert.equal(stripText(REPEAT), "");
});

test("feedback says whether, what else, why, and what comes of it", () => {
  const within = practised({ is_within: true, missed: [], explanation: "A smile." }, PRACTICE);
  assert.deepEqual(within, { title: "As accepted", missed: "", explanation: "A smile.", end: "" });
  const outside = practised({ is_within: false, missed: ["Valence", "Arousal"], explanation: "" }, REPEAT);
  assert.equal(outside.missed, "Answered otherwise: Valence, Arousal.");
  assert.match(outside.end, /^You answered 2 of 5 practice clips as accepted; 4 are needed\..*Talk to Ada/);
  assert.equal(practised({ is_within: true, missed: [], explanation: "" }, null).end, "You are through: your queue is open.");
});

test("where only an answer without values is right, that is said", () => {
  const outside = practised({ is_within: false, missed: [], wanted: ["bad_signal"], explanation: "The camera slipped." }, PRACTICE);
  assert.deepEqual(outside, { title: "Not as accepted", missed: "Right here is: bad signal.", explanation: "The camera slipped.", end: "" });
  assert.equal(practised({ is_within: false, missed: [], wanted: [], explanation: "" }, PRACTICE).missed, "It was to be answered.");
});

test("without feedback only the end is told", () => {
  assert.equal(practised(null, PRACTICE), null);
  assert.match(practised(null, REPEAT).end, /4 are needed/);
  assert.match(stateText({ stage: "reading" }), /instructions/);
});

test("a practice answer is told about, is not undone, and an ordinary one is told nothing", async (t) => {
  const server = new Server();
  server.onboarding = PRACTICE;
  server.feedback = { is_within: false, missed: ["Valence"], explanation: "" };
  const { flow, seen } = page(t, server);
  await flow.start();
  answer(flow);
  flow.submit();
  server.onboarding = null;
  await settled(flow);
  assert.deepEqual(seen.practised, [[server.feedback, null]]);
  assert.equal(flow.last, null);
  answer(flow);
  flow.submit();
  await settled(flow);
  assert.equal(seen.practised.length, 1);
  assert.notEqual(flow.last, null);
});

test("before the practice clips nothing is served, and the page says what comes first", async (t) => {
  const server = new Server(0);
  server.onboarding = { ...PRACTICE, stage: "reading" };
  const { flow, seen } = page(t, server);
  await flow.start();
  assert.deepEqual(seen.states, ["firstHourState"]);
});

test("an example shows its answer and takes none", async (t) => {
  const server = new Server();
  const { flow, seen } = page(t, server, new MemoryStorage(), { clip_id: 2, example: { valence: 1 } });
  await flow.start();
  assert.deepEqual(flow.draft.values, { valence: 1 });
  assert.equal(flow.submit("cant_tell"), false);
  assert.deepEqual(seen.messages, []);
  assert.equal(server.labels.size, 0);
});
