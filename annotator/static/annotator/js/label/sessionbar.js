// The whole session above the traces: quality, clips, where we are. What a session looks like is fetched once a page.

import { Overview } from "../session/overview.js";
import { compactRows } from "../session/overviewrows.js";
import { clamp } from "./timemap.js";

export class SessionBar {
  // load(task) → Promise of the figure; onSeek(session_s) within what may be seen
  constructor({ root, canvas, said, load, onSeek }) {
    Object.assign(this, { root, canvas, said, load, onSeek });
    this.figures = new Map();
  }

  async setClip(task) {
    this.task = task;
    if (!this.figures.has(task.session)) this.figures.set(task.session, this.load(task));
    const asked = this.figures.get(task.session);
    try {
      const figure = await asked;
      if (this.task === task) this.#show(task, figure);
    } catch {
      this.figures.delete(task.session); // the next clip tries again; the bar is no condition of labelling
      if (this.task === task) this.root.hidden = true;
    }
  }

  setCursor(cursor_s) {
    this.cursor_s = cursor_s;
    this.overview?.show({ cursor_s });
  }

  #show(task, figure) {
    this.root.hidden = false;
    const hasLabels = figure.clips.some(({ n_labels }) => n_labels !== null);
    const rows = compactRows(hasLabels);
    this.root.classList.toggle("has-labels", hasLabels);
    const hands = { onSeek: (session_s) => this.onSeek(clamp(session_s, this.task.context_start_s, this.task.context_stop_s)) };
    if (this.overview) this.overview.setFigure(figure, rows);
    else this.overview = new Overview({ root: this.root, canvas: this.canvas, said: this.said, figure, hands, rows });
    this.overview.show({ span: { start_s: task.start_s, stop_s: task.stop_s }, cursor_s: this.cursor_s ?? task.start_s });
    this.root.dataset.session = task.session;
  }
}
