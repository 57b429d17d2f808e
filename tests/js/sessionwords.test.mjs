import assert from "node:assert/strict";
import { test } from "node:test";

import { actionFor, stepFor } from "../../annotator/static/annotator/js/session/keymap.js";
import { eyeChannels } from "../../annotator/static/annotator/js/session/presets.js";
import { clipAt, faultsText, momentText, neighbour, qualityText } from "../../annotator/static/annotator/js/session/words.js";

const clip = (number, fields = {}) => ({
  number, start_s: 5 * number, stop_s: 5 * number + 5, has_eeg: true, has_face: true, eeg: 0.62, face: 1, eeg_faults: {}, face_faults: {}, n_labels: 0, ...fields,
});
const FIGURE = {
  clips: [clip(1, { eeg_faults: { muscle: 0.1, "line noise": 0.4 }, n_labels: 2 }), clip(2, { has_face: false, eeg: null }), clip(4)],
  trials: [{ number: 1, start_s: 5, stop_s: 15, stimulus: "film.avi" }, { number: 2, start_s: 20, stop_s: 25, stimulus: "" }],
  gaps: [{ stream: "face", start_s: 10, stop_s: 15 }],
};

test("a moment is told in words: where it is, how good, why no better, how many labels", () => {
  assert.equal(momentText(FIGURE, 6), "00:06.00 · trial 1 (film.avi) · clip 1 · EEG 62 %: line noise 40 %, muscle 10 % · face 100 % · 2 labels");
  assert.equal(momentText(FIGURE, 12), "00:12.00 · trial 1 (film.avi) · clip 2 · EEG not measured · no face · no labels · video is not recorded here");
  assert.equal(momentText(FIGURE, 17), "00:17.00 · outside any trial · no clip here");
  assert.equal(momentText(FIGURE, 22), "00:22.00 · trial 2 · clip 4 · EEG 62 % · face 100 % · no labels");
});

test("one label is one label", () => {
  assert.match(momentText({ ...FIGURE, clips: [clip(1, { n_labels: 1 })] }, 6), / · 1 label$/);
});

test("who is not told how often a clip was answered reads nothing of it", () => {
  assert.match(momentText({ ...FIGURE, clips: [clip(1, { n_labels: null })] }, 6), / · face 100 %$/);
});

test("faults come worst first", () => {
  assert.equal(faultsText({ flat: 0.2, pop: 0.9 }), "pop 90 %, flat 20 %");
  assert.equal(qualityText("eeg", true, 0.5, {}), "EEG 50 %");
});

test("a clip holds its start and not its stop", () => {
  assert.equal(clipAt(FIGURE.clips, 5).number, 1);
  assert.equal(clipAt(FIGURE.clips, 10).number, 2);
  assert.equal(clipAt(FIGURE.clips, 15), null);
});

test("arrows go from clip to clip, and over gaps", () => {
  assert.equal(neighbour(FIGURE.clips, 10, 1), 20);
  assert.equal(neighbour(FIGURE.clips, 20, -1), 10);
  assert.equal(neighbour(FIGURE.clips, 12, -1), 10);
  assert.equal(neighbour(FIGURE.clips, 9.97, 1), 20); // the frame at 10 s began a little before
  assert.equal(neighbour(FIGURE.clips, 20, 1), null);
  assert.equal(neighbour(FIGURE.clips, 5, -1), null);
});

test("keys of the session page", () => {
  assert.deepEqual(actionFor({ key: " " }), { name: "play" });
  assert.deepEqual(actionFor({ key: "ArrowLeft" }), { name: "frame", by: -1 });
  assert.deepEqual(actionFor({ key: "ArrowRight", shiftKey: true }), { name: "second", by: 1 });
  assert.deepEqual(actionFor({ key: "." }), { name: "zoom", by: 0.5 });
  assert.deepEqual(actionFor({ key: "]" }), { name: "page", by: 1 });
  assert.equal(actionFor({ key: " ", target: "control" }), null); // a button's own
  assert.deepEqual(actionFor({ key: ",", target: "control" }), { name: "zoom", by: 2 });
  assert.equal(actionFor({ key: ".", target: "text" }), null);
  assert.equal(actionFor({ key: ".", ctrlKey: true }), null);
  assert.equal(actionFor({ key: "q" }), null);
});

test("steps of the sync page", () => {
  assert.deepEqual(stepFor({ key: "ArrowRight" }), { finest: 1 });
  assert.deepEqual(stepFor({ key: "ArrowLeft", shiftKey: true }), { seconds: -0.1 });
  assert.deepEqual(stepFor({ key: "ArrowRight", ctrlKey: true }), { seconds: 1 });
  assert.deepEqual(stepFor({ key: "PageUp" }), { seconds: -10 });
  assert.equal(stepFor({ key: "ArrowLeft", altKey: true }), null); // the browser's own way back
  assert.equal(stepFor({ key: "Enter" }), null);
});

test("blinks are looked for in EOG and frontopolar channels, else frontal ones, else all", () => {
  const channels = (...names) => names.map((name) => ({ name, kind: "eeg" }));
  assert.deepEqual(eyeChannels([...channels("Fp1", "F3", "Cz"), { name: "EXG1", kind: "eog" }]), ["Fp1", "EXG1"]);
  assert.deepEqual(eyeChannels([...channels("HEOG", "O1")]), ["HEOG"]);
  assert.deepEqual(eyeChannels(channels("F3", "Cz")), ["F3"]);
  assert.deepEqual(eyeChannels(channels("A1", "B2")), ["A1", "B2"]);
});
