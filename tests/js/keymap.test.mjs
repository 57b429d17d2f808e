import assert from "node:assert/strict";
import { test } from "node:test";

import { KEYS, actionFor } from "../../annotator/static/annotator/js/label/keymap.js";
import { actionFor as actionOnSession } from "../../annotator/static/annotator/js/session/keymap.js";
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
    [{ key: "[" }, { name: "page", by: -1 }],
    [{ key: "." }, { name: "zoom", by: 0.5 }],
    [{ key: "m" }, { name: "montage", by: 1 }],
    [{ key: "M", shiftKey: true }, { name: "montage", by: -1 }],
    [{ key: "r" }, { name: "ruler" }],
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

test("the keys of the traces are the same on the session page", () => {
  for (const key of ["[", "]", ".", ",", "a", "c", "+", "-", "m", "f", "z", "k", "r"]) assert.deepEqual(actionOnSession({ key }), actionFor({ key }), key);
});

test("the sheet says what each key does", () => {
  for (const { does } of KEYS) assert.ok(STRINGS.keys[does], does);
});

test("no key of the page means two things, and each does something", () => {
  const letters = KEYS.filter(({ where }) => !where).flatMap(({ keys, does }) => keys.filter((key) => key.length === 1).map((key) => [key, does]));
  assert.equal(new Set(letters.map(([key]) => key.toLowerCase())).size, letters.length);
  for (const [key] of letters.filter(([name]) => !"…↑↓←→".includes(name))) assert.ok(actionFor({ key }), key);
});
