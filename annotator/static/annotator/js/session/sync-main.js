// The entry of the sync page.

import { TRACE_ACTIONS } from "../eeg/keys.js";
import { targetKind } from "../label/keymap.js";
import { actionFor } from "./keymap.js";
import { SyncPage } from "./sync.js";

const root = document.getElementById("viewer");
const config = JSON.parse(document.getElementById("session-config").textContent);
const page = new SyncPage({ root, config, storage: window.localStorage });

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  const { key, shiftKey, ctrlKey, altKey, metaKey } = event;
  const action = actionFor({ key, shiftKey, ctrlKey, altKey, metaKey, target: targetKind(event.target) });
  if (!action || !TRACE_ACTIONS.includes(action.name)) return;
  event.preventDefault();
  page.traces.act(action);
});
root.addEventListener("mousedown", (event) => {
  if (event.target.closest("[data-keep-focus] button")) event.preventDefault();
});
