import assert from "node:assert/strict";
import { test } from "node:test";

import { KEYS, actionFor } from "../../annotator/static/annotator/js/label/keymap.js";
import { STRINGS } from "../../annotator/static/annotator/js/label/strings.js";

test("every key of the page", () => {
  const expected = [
    [{ key: " " }, { name: "play" }],
    [{ key: "ArrowLeft" }, { name: "frame", by: -1 }],
    [{ key: "ArrowRight", shiftKey: true }, { name: "second", by: 1 }],
    [{ key: "Home" }, { name: "start" }],
    [{ key: "3" }, { name: "digit", digit: 3 }],
    [{ key: "0" }, { name: "digit", digit: 10 }],
    [{ key: "Enter" }, { name: "submit" }],
    [{ key: "s" }, { name: "skip" }],
    [{ key: "X" }, { name: "cant-tell" }],
    [{ key: "b" }, { name: "bad-signal" }],
    [{ key: "u" }, { name: "undo" }],
    [{ key: "w" }, { name: "why" }],
    [{ key: "?", shiftKey: true }, { name: "keys" }],
    [{ key: "+", shiftKey: true }, { name: "gain", by: 1 }],
    [{ key: "q" }, null],
    [{ key: "Tab" }, null],
  ];
  for (const [event, action] of expected) assert.deepEqual(actionFor(event), action, JSON.stringify(event));
});

test("typing is never hijacked", () => {
  for (const key of ["s", "x", "b", "u", "1", " ", "Enter", "ArrowLeft", "?"]) assert.equal(actionFor({ key, target: "text" }), null, key);
  assert.deepEqual(actionFor({ key: "Escape", target: "text" }), { name: "leave-text" });
});

test("the browser keeps its own shortcuts, a dialog its keys, a control its own", () => {
  assert.equal(actionFor({ key: "s", ctrlKey: true }), null);
  assert.equal(actionFor({ key: "u", metaKey: true }), null);
  assert.equal(actionFor({ key: "Enter", target: "dialog" }), null);
  for (const key of [" ", "Enter", "ArrowLeft"]) assert.equal(actionFor({ key, target: "control" }), null);
  assert.deepEqual(actionFor({ key: "x", target: "control" }), { name: "cant-tell" });
});

test("on an answer Space plays, Enter submits, up and down change it", () => {
  assert.deepEqual(actionFor({ key: " ", target: "answer" }), { name: "play" });
  assert.deepEqual(actionFor({ key: "Enter", target: "answer" }), { name: "submit" });
  assert.deepEqual(actionFor({ key: "ArrowUp", target: "answer" }), { name: "change", by: 1 });
  assert.equal(actionFor({ key: "ArrowUp" }), null);
});

test("the sheet says what each key does", () => {
  for (const { does } of KEYS) assert.ok(STRINGS.keys[does], does);
});
