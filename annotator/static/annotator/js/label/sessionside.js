// What belongs to the session behind a clip: its overview, the marks on its channels and its timeline, the figures below.

import { BadMarks } from "./badmarks.js";
import { Figures } from "./figures.js";
import { IntervalMenu } from "./intervalmenu.js";
import { paneMarks } from "./intervals.js";
import { SessionBar } from "./sessionbar.js";

const el = (id) => document.getElementById(id);
const NOTHING = { bad_channels: [], intervals: [], trials: [] };

export class SessionSide {
  // seek(session_s); hidden(): names of the channels that are not drawn; showBad(names): the traces' channels that are bad
  constructor({ api, pane, storage, seek, hidden, showBad }) {
    Object.assign(this, { api, pane, hidden, showBad });
    this.marks = NOTHING;
    this.bar = new SessionBar({
      root: el("overview"), canvas: el("overview-canvas"), said: el("overview-said"), onSeek: seek, load: (task) => api.overview(task.clip_id),
    });
    this.bad = new BadMarks({
      list: el("channels-list"), root: el("bad-channels"), mark: (word) => this.#markChannel(word), onChange: (names) => this.#showBad(names),
    });
    this.intervals = new IntervalMenu({
      root: el("marks"), onSeek: seek, onDraw: (open) => this.#drawMarks(open),
      save: (body) => this.#saved(this.task, this.api.markInterval(this.task.clip_id, body)),
      withdraw: (uuid) => this.#withdraw(this.task, uuid),
    });
    this.figures = new Figures({ root: el("figures"), storage, view: () => this.#seen(), onSeek: seek });
    pane.onMarkRange = (start_s, stop_s) => this.intervals.open({ start_s, stop_s });
  }

  // As soon as a clip is on the page. soon(act): when there is time to load more.
  setClip(task, soon) {
    this.task = task;
    this.tile = null;
    this.rows = [];
    this.marks = NOTHING;
    const limits = { start_s: task.context_start_s, stop_s: task.context_stop_s };
    this.intervals.setClip({ limits, origin_s: task.start_s, channels: (task.eeg?.channels ?? []).map(({ name }) => name) });
    this.bad.setSources(task.eeg?.bad_channels);
    this.figures.setTile(null);
    this.#drawMarks();
    soon(() => {
      if (this.task !== task) return;
      this.bar.setClip(task);
      this.#saved(task, this.api.marks(task.clip_id)).catch(() => {}); // shown with the next answer; labelling needs none of it
    });
  }

  // As soon as its traces are there.
  setTile(tile) {
    this.tile = tile;
    this.#showBad(this.bad.names);
  }

  // As soon as they went through montage and filters.
  setShown(tile, how) {
    this.rows = tile.channels.map(({ name }) => name);
    this.figures.setTile(tile, how);
  }

  setCursor(session_s) {
    this.cursor_s = session_s;
    this.bar.setCursor(session_s);
    this.figures.moved();
    this.figures.setCursor(session_s);
  }

  channelsChanged() {
    this.figures?.moved();
  }

  pressInterval() {
    this.intervals.press(this.cursor_s);
  }

  async #markChannel(word) {
    const { task } = this;
    await this.#saved(task, this.api.markChannel(task.clip_id, word));
    return this.marks.bad_channels;
  }

  async #withdraw(task, uuid) {
    await this.api.withdrawInterval(task.clip_id, uuid);
    await this.#saved(task, this.api.marks(task.clip_id));
  }

  async #saved(task, answer) {
    const marks = await answer;
    if (this.task !== task) return;
    this.marks = marks;
    this.bad.setBad(marks.bad_channels);
    this.intervals.setIntervals(marks.intervals);
    this.#drawMarks();
  }

  #drawMarks(open = null) {
    this.pane.setMarks?.(paneMarks(this.marks, open));
  }

  #showBad(names) {
    if (!this.tile) return;
    this.showBad(names);
    this.figures.moved();
  }

  #seen() {
    if (!this.task || !this.pane.span) return null;
    const hidden = new Set(this.hidden());
    return {
      span: this.pane.span, bad: this.bad.names, cursor_s: this.cursor_s, origin_s: this.task.start_s,
      shown: this.rows.filter((name) => !hidden.has(name)),
    };
  }
}
