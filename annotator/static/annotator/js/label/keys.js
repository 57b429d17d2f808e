// Keys of the whole page → what the view does. keymap.js decides what a key means.

import { REPEATING, TRACE_ACTIONS } from "../eeg/keys.js";
import { actionFor, targetKind } from "./keymap.js";

export function bindKeys(view) {
  const acts = {
    play: () => view.transport.clock?.toggle(),
    start: () => view.transport.clock?.restart(),
    frame: ({ by }) => view.transport.clock?.step(by),
    second: ({ by }) => view.seekBy(by),
    loop: () => view.transport.toggle("loop"),
    context: () => view.transport.toggleContext(),
    "zoom-face": () => view.face.toggle("zoom"),
    "hide-face": () => view.face.toggle("hide"),
    digit: ({ digit }) => view.canAnswer && view.form.answerByDigit(digit),
    change: ({ by }) => view.canAnswer && view.form.change(by),
    ...Object.fromEntries(TRACE_ACTIONS.map((name) => [name, (action) => view.traces.act(action)])),
    submit: () => view.submit("label"),
    "cant-tell": () => view.submit("cant_tell"),
    "bad-signal": () => view.submit("bad_signal"),
    skip: () => view.openSkip(),
    undo: () => view.undo(),
    opinion: () => view.askOpinion(),
    note: () => view.form.note.focus(),
    why: () => view.askWhy(),
    interval: () => view.side.pressInterval(),
    keys: () => view.dialogs.openKeys(),
    "leave-text": () => view.form.focusOpenRow(),
  };
  const needClip = new Set(["play", "start", "frame", "second", "digit", "change", "submit", "cant-tell", "bad-signal", "skip", "note", "why", "context", "zoom-face", "interval"]);

  document.addEventListener("keydown", (event) => {
    const action = actionFor({
      key: event.key,
      shiftKey: event.shiftKey,
      ctrlKey: event.ctrlKey,
      altKey: event.altKey,
      metaKey: event.metaKey,
      target: document.querySelector("dialog[open]") ? "dialog" : targetKind(event.target),
    });
    if (!action || event.defaultPrevented || event.isComposing || (needClip.has(action.name) && !view.hasClip)) return;
    event.preventDefault();
    const repeats = ["frame", "second", "change", ...REPEATING].includes(action.name);
    if (!event.repeat || repeats) acts[action.name](action);
  });

  // A pointer on a tool leaves the focus where it was, so that Space goes on playing.
  document.addEventListener("mousedown", (event) => {
    if (event.target.closest("[data-keep-focus] button, .bench-actions button, .previous button, .answer")) event.preventDefault();
  });
}
