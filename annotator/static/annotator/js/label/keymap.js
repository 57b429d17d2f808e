// Which key means what. Pure: takes what an event says, returns an action or null.

import { TRACE_KEYS, traceAction } from "../eeg/keys.js";

export const KEYS = [
  { keys: ["Space"], does: "play" },
  { keys: ["←", "→"], does: "frame" },
  { keys: ["Shift ←", "Shift →"], does: "second" },
  { keys: ["Home"], does: "start" },
  { keys: ["1", "…", "9"], does: "digit" },
  { keys: ["↑", "↓"], does: "change" },
  { keys: ["0"], does: "none" },
  { keys: ["↑", "↓", "Space", "Esc"], does: "lead", where: "trace" },
  { keys: ["Tab"], does: "row" },
  { keys: ["Enter"], does: "submit" },
  { keys: ["S"], does: "skip" },
  { keys: ["X"], does: "cantTell" },
  { keys: ["B"], does: "badSignal" },
  { keys: ["U"], does: "undo" },
  { keys: ["O"], does: "opinion" },
  { keys: ["N"], does: "note" },
  { keys: ["L"], does: "loop" },
  { keys: ["E"], does: "context" },
  { keys: ["P"], does: "zoomFace" },
  { keys: ["H"], does: "hideFace" },
  { keys: ["I"], does: "interval" },
  ...TRACE_KEYS,
  { keys: ["M"], does: "badChannel", where: "channels" }, // on the list of channels: badmarks.js
  { keys: ["W"], does: "why" },
  { keys: ["?"], does: "keys" },
];

const LETTERS = { s: "skip", x: "cant-tell", b: "bad-signal", u: "undo", o: "opinion", l: "loop", n: "note", w: "why", e: "context", p: "zoom-face", h: "hide-face", i: "interval" };

// target: "text" where typing goes, "control" for a button, link, select, slider or dialog, "answer" for an answer, else "page".
export function actionFor({ key, shiftKey = false, ctrlKey = false, altKey = false, metaKey = false, target = "page" }) {
  if (target === "text") return key === "Escape" ? { name: "leave-text" } : null;
  if (target === "dialog" || ctrlKey || altKey || metaKey) return null;
  if (target === "control" && [" ", "Enter", "ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"].includes(key)) return null;
  return moveFor(key, shiftKey) ?? answerFor(key, target) ?? letterFor(key) ?? traceAction(key, shiftKey);
}

function moveFor(key, shiftKey) {
  if (key === "ArrowLeft" || key === "ArrowRight") {
    const by = key === "ArrowLeft" ? -1 : 1;
    return shiftKey ? { name: "second", by } : { name: "frame", by };
  }
  if (key === " ") return { name: "play" };
  return key === "Home" ? { name: "start" } : null;
}

function answerFor(key, target) {
  if (/^[0-9]$/.test(key)) return { name: "digit", digit: key === "0" ? 10 : Number(key) };
  if (key === "Enter") return { name: "submit" };
  if (target === "answer" && (key === "ArrowUp" || key === "ArrowDown")) return { name: "change", by: key === "ArrowUp" ? 1 : -1 };
  return null;
}

function letterFor(key) {
  if (key === "?") return { name: "keys" };
  const name = LETTERS[key.toLowerCase()];
  return name ? { name } : null;
}

// What kind of place an event's element is.
export function targetKind(element) {
  if (!element?.closest) return "page";
  if (element.closest("dialog")) return "dialog";
  if (element.closest("textarea, input:not([type=range], [type=checkbox], [type=radio]), [contenteditable]")) return "text";
  if (element.closest("[role=radio], [data-answer]")) return "answer";
  return element.closest("button, a, select, summary, input, [role=slider]") ? "control" : "page";
}
