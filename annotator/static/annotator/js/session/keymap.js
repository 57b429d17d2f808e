// Which key means what on the session page. Pure: takes what an event says, returns an action or null.

import { traceAction } from "../eeg/keys.js";

// target as label/keymap.js names it: "text", "control", "dialog", else "page".
export function actionFor({ key, shiftKey = false, ctrlKey = false, altKey = false, metaKey = false, target = "page" }) {
  if (target === "text" || target === "dialog" || ctrlKey || altKey || metaKey) return null;
  if (target !== "control") {
    if (key === " ") return { name: "play" };
    if (key === "Home") return { name: "start" };
    if (key === "ArrowLeft" || key === "ArrowRight") return { name: shiftKey ? "second" : "frame", by: key === "ArrowLeft" ? -1 : 1 };
  }
  return key === "?" ? { name: "keys" } : traceAction(key, shiftKey);
}

// On the sync page every stream has its own keys: the finest step, a tenth, a second, ten seconds.
export function stepFor({ key, shiftKey = false, ctrlKey = false, altKey = false, metaKey = false }) {
  if (altKey || metaKey) return null;
  const by = { ArrowLeft: -1, ArrowRight: 1, PageUp: -1, PageDown: 1 }[key];
  if (!by) return null;
  if (key.startsWith("Page")) return { seconds: 10 * by };
  if (ctrlKey) return { seconds: by };
  return shiftKey ? { seconds: by / 10 } : { finest: by };
}
