import assert from "node:assert/strict";
import { test } from "node:test";

import { Gestures, wheelAction } from "../../annotator/static/annotator/js/eeg/gestures.js";

// A pane of 800 × 500 with names left of 72 and the axis below 478; what it was told to do, in order.
function hands({ canRange = false, isArmed = false } = {}) {
  const did = [];
  const acts = Object.fromEntries(["seek", "pan", "stack", "zoom", "toggle", "measure", "range"].map((name) => [name, (detail) => did.push([name, detail])]));
  const zoneAt = (x, y) => (y > 478 ? "axis" : x < 72 ? "gutter" : "plot");
  const gestures = new Gestures({ zoneAt, acts, canRange: () => canRange, isArmed: () => isArmed });
  const drag = (places, how = {}) => {
    const [first, ...rest] = places.map(([x, y]) => ({ id: 1, type: "mouse", x, y, ...how }));
    gestures.down(first);
    rest.forEach((place) => gestures.move(place));
    gestures.up(rest.at(-1) ?? first);
  };
  return { gestures, did, drag };
}

test("a mouse on the traces seeks, and goes on while it is held", () => {
  const { did, drag } = hands();
  drag([[300, 100], [320, 100]]);
  assert.deepEqual(did, [["seek", { x: 300 }], ["seek", { x: 320 }]]);
});

test("with alt it measures, from where it began", () => {
  const { did, drag } = hands();
  drag([[300, 100], [350, 140]], { alt: true });
  assert.deepEqual(did, [["measure", { from: 300, to: 350, y: 100, isDone: false }], ["measure", { from: 300, to: 350, y: 100, isDone: true }]]);
});

test("armed, a plain drag measures, by a finger as by a mouse; two fingers still zoom, and the axis still scrolls", () => {
  for (const type of ["mouse", "touch"]) {
    const { did, drag } = hands({ isArmed: true });
    drag([[300, 100], [350, 140]], { type });
    assert.deepEqual(did.at(-1), ["measure", { from: 300, to: 350, y: 100, isDone: true }]);
  }
  const { did, drag, gestures } = hands({ isArmed: true });
  drag([[300, 490], [350, 490]], { type: "touch" });
  assert.deepEqual(did.map(([name]) => name), ["pan"]);
  gestures.down({ id: 1, type: "touch", x: 300, y: 100 });
  gestures.down({ id: 2, type: "touch", x: 400, y: 100 });
  assert.deepEqual(did.at(-1), ["measure", { from: 300, to: 300, y: 100, isDone: true }]); // what the first finger began is taken away
  gestures.move({ id: 2, type: "touch", x: 500, y: 100 });
  assert.deepEqual(did.at(-1), ["zoom", { factor: 0.5, x: 400 }]);
});

test("with shift it chooses a stretch where somebody wants one, and seeks where nobody does", () => {
  const wanted = hands({ canRange: true });
  wanted.drag([[300, 100], [350, 100]], { shift: true });
  assert.deepEqual(wanted.did.at(-1), ["range", { from: 300, to: 350, isDone: true }]);
  const unwanted = hands();
  unwanted.drag([[300, 100]], { shift: true });
  assert.deepEqual(unwanted.did, [["seek", { x: 300 }]]);
});

test("along the axis it scrolls, across it zooms where it began", () => {
  const { did, drag } = hands();
  drag([[300, 490], [310, 490], [330, 491]]);
  assert.deepEqual(did, [["pan", { dx: 10 }], ["pan", { dx: 20 }]]);
  did.length = 0;
  drag([[300, 490], [300, 650]]);
  assert.deepEqual(did, [["zoom", { factor: 0.5, x: 300 }]]);
});

test("a click on a name hides its row, a drag over names does not", () => {
  const { did, drag } = hands();
  drag([[20, 60]]);
  drag([[20, 60], [20, 90]]);
  assert.deepEqual(did, [["toggle", { y: 60 }]]);
});

test("one finger scrolls time or rows, a tap seeks", () => {
  const { did, drag } = hands();
  drag([[300, 100], [290, 101], [250, 104]], { type: "touch" });
  assert.deepEqual(did, [["pan", { dx: -10 }], ["pan", { dx: -40 }]]);
  did.length = 0;
  drag([[300, 100], [301, 80]], { type: "touch" });
  assert.deepEqual(did, [["stack", { dy: 20 }]]);
  did.length = 0;
  drag([[300, 100], [302, 101]], { type: "touch" });
  assert.deepEqual(did, [["seek", { x: 302 }]]);
});

test("two fingers zoom by their distance and scroll by their middle; lifting them does nothing more", () => {
  const { gestures, did } = hands();
  gestures.down({ id: 1, type: "touch", x: 300, y: 100 });
  gestures.down({ id: 2, type: "touch", x: 400, y: 100 });
  gestures.move({ id: 2, x: 500, y: 100 });
  gestures.up({ id: 2, x: 500, y: 100 });
  gestures.move({ id: 1, x: 310, y: 100 });
  gestures.up({ id: 1, x: 310, y: 100 });
  assert.deepEqual(did, [["pan", { dx: 50 }], ["zoom", { factor: 0.5, x: 400 }]]);
});

test("a pointer that was taken away leaves nothing behind", () => {
  const { gestures, did, drag } = hands();
  gestures.down({ id: 9, type: "touch", x: 300, y: 100 });
  gestures.cancel();
  drag([[300, 100], [250, 100]], { type: "touch" });
  assert.deepEqual(did, [["pan", { dx: -50 }]]);
});

test("the wheel: rows, time with shift or sideways, zoom with ctrl, gain with alt", () => {
  assert.deepEqual(wheelAction({ deltaX: 0, deltaY: 120 }), { name: "stack", dy: 120 });
  assert.deepEqual(wheelAction({ deltaX: 0, deltaY: 120, shiftKey: true }), { name: "pan", dx: 120 });
  assert.deepEqual(wheelAction({ deltaX: -30, deltaY: 5 }), { name: "pan", dx: -30 });
  assert.deepEqual(wheelAction({ deltaX: 0, deltaY: 3, deltaMode: 1 }), { name: "stack", dy: 48 });
  assert.deepEqual(wheelAction({ deltaX: 0, deltaY: -120, altKey: true }), { name: "gain", by: 1 });
  assert.equal(wheelAction({ deltaX: 0, deltaY: 0 }), null);
  const [notch, pinch] = [120, 5].map((deltaY) => wheelAction({ deltaX: 0, deltaY, ctrlKey: true }).factor);
  assert.ok(notch > 1.4 && notch < 1.6);
  assert.ok(pinch > 1.02 && pinch < 1.05);
});
