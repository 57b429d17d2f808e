// Marks on the session page: who says that a channel is bad, and the intervals and trials on its timeline.

import { BadMarks } from "../label/badmarks.js";
import { paneMarks } from "../label/intervals.js";
import { tokenFromCookie } from "../label/api.js";
import { answered } from "../words.js";

const el = (id) => document.getElementById(id);

export class SessionMarks {
  // onBad(names): the channels that are bad now
  constructor({ config, pane, onBad }) {
    Object.assign(this, { config, pane });
    const mark = config.may_mark ? (word) => this.#mark(word) : null;
    this.bad = new BadMarks({ list: el("channels-list"), root: el("bad-channels"), mark, onChange: onBad });
    this.bad.setSources(config.bad_sources);
  }

  async load() {
    this.#show(await this.#fetch(this.config.marks_url));
  }

  async #mark(word) {
    const token = tokenFromCookie(document.cookie) ?? "";
    const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
    return this.#show(await this.#fetch(this.config.channel_marks_url, { method: "POST", headers, body: JSON.stringify(word) }));
  }

  #show(marks) {
    this.bad.setBad(marks.bad_channels);
    this.pane.setMarks?.(paneMarks(marks));
    return marks.bad_channels;
  }

  async #fetch(address, options = {}) {
    const response = await fetch(address, { credentials: "same-origin", ...options });
    const said = await response.json().catch(() => ({}));
    if (!response.ok) throw new Error(said.message || answered(response.status));
    return said;
  }
}
