// The traces of a whole session, as the session page and the sync page open them.

import { Traces } from "../eeg/traces.js";
import { within } from "../eeg/viewport.js";
import { SessionMarks } from "./marks.js";
import { SAYS } from "./strings.js";

const el = (id) => document.getElementById(id);
const FIRST_VIEW_S = 10;

// onScrub(session_s): somebody pointed at the traces; onView(span): another stretch is on screen
export function openTraces(config, { storage, onScrub, onView }) {
  let marks = null; // the sync page has none
  const traces = new Traces({
    storage, user: config.user_id, study: config.slug, onScrub, onView, channelTool: (channel) => marks?.bad.tool(channel) ?? null,
    onTrouble: (error) => note(error ? SAYS.failed(error.message) : "", { canRetry: Boolean(error) }),
  });
  const bounds = { start_s: config.first_s, stop_s: config.last_s };
  const stop_s = config.eeg_s ?? config.last_s;
  traces.open({
    // what was not recorded lies on a sunken ground
    clip: { start_s: 0, stop_s }, bounds, homeOf: () => within({ start_s: 0, stop_s: FIRST_VIEW_S }, bounds),
    recorded: { start_s: 0, stop_s }, url: config.eeg_url, bad: config.bad_channels,
  });
  if (el("bad-channels")) {
    marks = new SessionMarks({ config, pane: traces.pane, onBad: (names) => traces.setBad(names) });
    marks.load().catch(() => {}); // what the page says already stays
  }
  note(config.eeg_url ? SAYS.loading : SAYS.noEeg);
  el("pane-retry").addEventListener("click", () => traces.load());
  traces.load();
  return traces;
}

function note(text, { canRetry = false } = {}) {
  el("pane-note").hidden = !text;
  el("pane-note-text").textContent = text;
  el("pane-retry").hidden = !canRetry;
}
