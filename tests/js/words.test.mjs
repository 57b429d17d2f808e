// Every sentence in another language: a catalogue that puts ⟦ ⟧ around what it is asked for, there before the modules are loaded.

import assert from "node:assert/strict";
import { test } from "node:test";

const JS = "../../annotator/static/annotator/js";
const bracketed = (text) => `⟦${text}⟧`;
globalThis.django = { gettext: bracketed, ngettext: (one, many, n) => bracketed(n === 1 ? one : many) };

const MODULES = [
  "label/strings.js", "label/markstrings.js", "label/figurestrings.js", "label/answers/words.js", "session/strings.js", "upload/strings.js",
];
// What is made of names and numbers alone, or stays as it is.
const AS_THEY_ARE = /^(.*\.(regions\.(frontopolar|frontal|central|temporal|parietal|occipital)|saved\.clean|share|gain|rowsShown|band|text))$/;

// Answers to everything: a number, a text, a list, an object with whatever is asked of it.
const anything = () => new Proxy(() => 2, {
  get(target, name) {
    if (name === Symbol.toPrimitive) return () => 2;
    if (name === Symbol.iterator) return () => [2, 2, 2, 2][Symbol.iterator]();
    if (name === "toFixed" || name === "toString") return () => "2";
    if (name === "join") return () => "2";
    if (name === "map") return () => ["2"];
    return anything();
  },
});

function* sentences(value, path) {
  if (typeof value === "string") yield [path, value];
  else if (typeof value === "function") yield* sentences(value(anything(), anything(), anything()), path);
  else if (value && typeof value === "object") for (const [key, one] of Object.entries(value)) yield* sentences(one, `${path}.${key}`);
}

// What is left outside all brackets.
function outside(text) {
  let left = text;
  let fewer = left.replace(/⟦[^⟦⟧]*⟧/g, "");
  while (fewer !== left) [left, fewer] = [fewer, fewer.replace(/⟦[^⟦⟧]*⟧/g, "")];
  return left.replace(/[\d\s.,:%()–-]/g, "");
}

for (const name of MODULES) {
  test(`every sentence of ${name} is translated`, async () => {
    const found = [...sentences({ ...(await import(`${JS}/${name}`)) }, name)];
    assert.ok(found.length > 5);
    assert.deepEqual(found.filter(([path, text]) => outside(text) && !AS_THEY_ARE.test(path)), []);
  });
}

test("what is said of clocks is translated, whatever is known of them", async () => {
  const { HAND, mapWords, methodName, syncSign, syncTitle } = await import(`${JS}/label/syncwords.js`);
  const clock = { offset_s: 1.5, drift: 2e-6, residual_ms: null, method: HAND, confidence: null };
  const clocks = [clock, { ...clock, method: "none" }, { ...clock, residual_ms: 0.5 }, { ...clock, residual_ms: 12, method: "blinks", confidence: 0.9 }];
  const said = [mapWords(clock), methodName(HAND), ...clocks.flatMap((one) => [syncSign(one), syncTitle(one)])];
  assert.deepEqual(said.filter((text) => outside(text)), []);
});

test("why a clip came is told in the page's language", async () => {
  const { whyRows } = await import(`${JS}/label/whywords.js`);
  assert.deepEqual(whyRows({}).filter(({ name, value }) => outside(name) || outside(value)), []);
});

test("what lies at a moment of the session is told in it too", async () => {
  const { momentText } = await import(`${JS}/session/words.js`);
  const clip = { number: 1, start_s: 0, stop_s: 5, has_eeg: true, eeg: 0.5, eeg_faults: { "line noise": 0.5 }, has_face: false, face: null, face_faults: {}, n_labels: 2 };
  const figure = { clips: [clip], trials: [], gaps: [{ start_s: 0, stop_s: 2, stream: "face" }] };
  assert.equal(outside(momentText(figure, 1).replaceAll("·", "")), "");
  assert.match(momentText(figure, 1), /⟦line noise⟧ 50 %/);
});

test("places are filled by name, in whatever order a language has them", async () => {
  const { fill } = await import(`${JS}/words.js`);
  assert.equal(fill("%(b)s before %(a)s, %(c)s", { a: 1, b: "$&" }), "$& before 1, %(c)s");
});

test("without a catalogue sentences stay as they are, with one form for one and another for more", async () => {
  const { gettext, ngettext } = await import(`${JS}/words.js`);
  const { django } = globalThis;
  delete globalThis.django;
  try {
    assert.equal(gettext("Stored. Next clip."), "Stored. Next clip.");
    assert.deepEqual([0, 1, 2].map((n) => ngettext("one", "many", n)), ["many", "one", "many"]);
  } finally {
    globalThis.django = django;
  }
});
