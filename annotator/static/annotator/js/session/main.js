// The entry of the session page.

import { targetKind } from "../label/keymap.js";
import { momentOf } from "./address.js";
import { actionFor } from "./keymap.js";
import { Viewer } from "./viewer.js";

const root = document.getElementById("viewer");
const config = JSON.parse(document.getElementById("session-config").textContent);
const viewer = new Viewer({ root, config, storage: window.localStorage });

document.addEventListener("keydown", (event) => {
  const isHere = event.target === document.body || root.contains(event.target);
  if (!isHere || event.isComposing) return;
  const target = document.querySelector("dialog[open]") ? "dialog" : targetKind(event.target);
  const action = actionFor({ key: event.key, shiftKey: event.shiftKey, ctrlKey: event.ctrlKey, altKey: event.altKey, metaKey: event.metaKey, target });
  if (!action) return;
  event.preventDefault();
  viewer.act(action);
});

// A pointer on a tool leaves the focus where it was, so that Space goes on playing.
root.addEventListener("mousedown", (event) => {
  if (event.target.closest("[data-keep-focus] button")) event.preventDefault();
});
function goTo(session_s) {
  viewer.seek(session_s);
  viewer.traces.centreOn(session_s);
  root.scrollIntoView({ block: "nearest" });
}
for (const button of document.querySelectorAll("[data-go-s]")) button.addEventListener("click", () => goTo(Number(button.dataset.goS)));
const asked_s = momentOf(window.location.search);
if (asked_s !== null) goTo(asked_s);
document.getElementById("keys-dialog").querySelector("[data-close]").addEventListener("click", () => document.getElementById("keys-dialog").close());
document.getElementById("keys-button").addEventListener("click", () => viewer.act({ name: "keys" }));
