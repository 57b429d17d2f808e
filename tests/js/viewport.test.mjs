import assert from "node:assert/strict";
import { test } from "node:test";

import { centred, covers, following, lengthOf, lengthText, panned, timebases, wantedFor, within, zoomed } from "../../annotator/static/annotator/js/eeg/viewport.js";

const BOUNDS = { start_s: -2, stop_s: 7198 };
const WHOLE = { start_s: 0, stop_s: 7200 };

test("a span stays within the session, from a second to the whole of it", () => {
  assert.deepEqual(within({ start_s: -10, stop_s: 0 }, BOUNDS), { start_s: -2, stop_s: 8 });
  assert.deepEqual(within({ start_s: 7190, stop_s: 7210 }, BOUNDS), { start_s: 7178, stop_s: 7198 });
  assert.deepEqual(within({ start_s: -100, stop_s: 10000 }, BOUNDS), BOUNDS);
  assert.equal(lengthOf(within({ start_s: 5, stop_s: 5.1 }, BOUNDS)), 1);
  assert.deepEqual(within({ start_s: 0, stop_s: 10 }, { start_s: 0, stop_s: 0.5 }), { start_s: 0, stop_s: 0.5 });
});

test("zooming keeps what lies under the pointer under it", () => {
  const span = zoomed({ start_s: 100, stop_s: 110 }, 0.5, 102, BOUNDS);
  assert.deepEqual(span, { start_s: 101, stop_s: 106 });
  assert.deepEqual(zoomed(span, 2, 102, BOUNDS), { start_s: 100, stop_s: 110 });
});

test("zooming in ends at a second, zooming out at the whole session", () => {
  let span = { start_s: 100, stop_s: 110 };
  for (let i = 0; i < 20; i += 1) span = zoomed(span, 0.5, 105, BOUNDS);
  assert.equal(lengthOf(span), 1);
  for (let i = 0; i < 30; i += 1) span = zoomed(span, 2, 105, BOUNDS);
  assert.deepEqual(span, BOUNDS);
});

test("panning stops at the ends", () => {
  assert.deepEqual(panned({ start_s: 0, stop_s: 10 }, 9, BOUNDS), { start_s: 9, stop_s: 19 });
  assert.deepEqual(panned({ start_s: 0, stop_s: 10 }, -9, BOUNDS), { start_s: -2, stop_s: 8 });
  assert.deepEqual(centred({ start_s: 0, stop_s: 10 }, 50, BOUNDS), { start_s: 45, stop_s: 55 });
});

test("the view follows the cursor by pages and is the same object while it need not", () => {
  const span = { start_s: 100, stop_s: 110 };
  assert.equal(following(span, 109.9, BOUNDS), span);
  assert.deepEqual(following(span, 110.5, BOUNDS), { start_s: 110, stop_s: 120 });
  assert.deepEqual(following(span, 99.5, BOUNDS), { start_s: 90, stop_s: 100 });
});

test("a loop that begins again is followed to its start, not to the page before it", () => {
  assert.deepEqual(following({ start_s: 100, stop_s: 110 }, 99.5, BOUNDS, { isPlaying: true }), { start_s: 99, stop_s: 109 });
});

test("time bases up to what may be seen", () => {
  assert.deepEqual(timebases({ start_s: -0.3, stop_s: 30.3 }), [1, 2, 5, 10, 20, 30]);
  assert.equal(timebases(BOUNDS).at(-1), 3600);
});

test("more is fetched than is seen, but never so much that samples become extremes", () => {
  assert.deepEqual(wantedFor({ start_s: 100, stop_s: 110 }, WHOLE), { start_s: 95, stop_s: 115 });
  assert.equal(lengthOf(wantedFor({ start_s: 100, stop_s: 150 }, WHOLE)), 60);
  assert.deepEqual(wantedFor({ start_s: 100, stop_s: 160 }, WHOLE), { start_s: 100, stop_s: 160 });
  assert.deepEqual(wantedFor({ start_s: 1000, stop_s: 1400 }, WHOLE), { start_s: 800, stop_s: 1600 });
  assert.deepEqual(wantedFor({ start_s: -2, stop_s: 8 }, WHOLE), { start_s: 0, stop_s: 13 });
  assert.equal(wantedFor({ start_s: -2, stop_s: -1 }, { start_s: 0, stop_s: 0 }), null);
});

test("what is loaded does while it holds the view in enough detail", () => {
  const samples = { start_s: 95, stop_s: 115, span: { start_s: 95, stop_s: 115 }, isSamples: true };
  assert.ok(covers(samples, { start_s: 104, stop_s: 105 }, WHOLE));
  assert.ok(!covers(samples, { start_s: 110, stop_s: 116 }, WHOLE));
  const coarse = { start_s: 800, stop_s: 1600, span: { start_s: 800, stop_s: 1600 }, isSamples: false };
  assert.ok(covers(coarse, { start_s: 900, stop_s: 1300 }, WHOLE));
  assert.ok(!covers(coarse, { start_s: 900, stop_s: 1000 }, WHOLE));
  assert.ok(covers({ ...samples, start_s: 0, stop_s: 13 }, { start_s: -2, stop_s: 8 }, WHOLE)); // nothing was recorded before 0
  assert.ok(!covers(null, { start_s: 0, stop_s: 1 }, WHOLE));
});

test("with filters on, what lies beside the view must be there too, as far as it was recorded", () => {
  const samples = { start_s: 0, stop_s: 20, span: { start_s: 0, stop_s: 20 }, isSamples: true };
  assert.ok(covers(samples, { start_s: 5, stop_s: 15 }, WHOLE, 5));
  assert.ok(!covers(samples, { start_s: 6, stop_s: 16 }, WHOLE, 5));
  assert.ok(covers(samples, { start_s: 0, stop_s: 10 }, WHOLE, 5));
  const coarse = { start_s: 0, stop_s: 100, span: { start_s: 0, stop_s: 100 }, isSamples: false };
  assert.ok(covers(coarse, { start_s: 0, stop_s: 100 }, WHOLE, 5)); // extremes are not filtered
});

test("lengths are told in a unit that fits", () => {
  assert.deepEqual([1, 2.5, 10, 75, 150, 7200].map(lengthText), ["1 s", "2.5 s", "10 s", "75 s", "2.5 min", "120 min"]);
});
