// The entry: builds the widgets from the page and lets the flow speak to them.

import { Api } from "./api.js";
import { BreakNote } from "./breaknote.js";
import { BreakClock } from "./breaks.js";
import { Flow } from "./flow.js";
import { bindKeys } from "./keys.js";
import { View } from "./view.js";

const root = document.getElementById("bench");
const config = JSON.parse(document.getElementById("bench-config").textContent);
const api = new Api({ slug: config.slug, csrfToken: root.dataset.csrf });
const view = new View({ root, api, storage: window.localStorage, config });
const flow = new Flow({
  api,
  view,
  storage: window.localStorage,
  config: { ...config, isVisible: () => document.visibilityState === "visible" },
});
view.listen(flow);
bindKeys(view);
const el = (id) => document.getElementById(id);
new BreakNote({
  clock: new BreakClock({ storage: window.localStorage, user: config.user_id }),
  note: el("break-note"), text: el("break-text"), close: el("break-close"), every: el("break-every"),
  isPlaying: () => Boolean(view.transport.clock?.isPlaying),
  nToday: () => flow.progress?.labelled_today ?? 0,
});

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") flow.becameVisible();
  else flow.becameHidden();
});
window.addEventListener("online", () => flow.networkReturned());
window.addEventListener("offline", () => flow.networkLost());
window.addEventListener("pagehide", () => flow.becameHidden());

flow.start();
