// Keeps the leases of held clips alive while the page is looked at, and says when one has ended.

import { heartbeatEvery_ms } from "./queue.js";

const HAS_ENDED = [404, 409, 410];

export class Leases {
  // heartbeat(clipId): asks the server; isWanted(task): not answered meanwhile
  constructor({ heartbeat, isVisible, isWanted, onLost }) {
    Object.assign(this, { heartbeat, isVisible, isWanted, onLost });
    this.held = [];
    this.timer = null;
  }

  hold(held) {
    this.held = held;
    this.#schedule();
  }

  async beat() {
    if (!this.isVisible()) return;
    await Promise.all(this.held.filter((task) => task.seconds_left && this.isWanted(task)).map((task) => this.#renew(task)));
    this.#schedule();
  }

  stop() {
    clearTimeout(this.timer);
  }

  #schedule() {
    clearTimeout(this.timer);
    const lasts = this.held.map((task) => task.seconds_left).filter(Boolean);
    if (lasts.length) this.timer = setTimeout(() => this.beat(), heartbeatEvery_ms(Math.min(...lasts)));
  }

  async #renew(task) {
    try {
      Object.assign(task, await this.heartbeat(task.clip_id));
    } catch (error) {
      if (HAS_ENDED.includes(error.status) && this.held.includes(task) && this.isWanted(task)) this.onLost(task);
    }
  }
}
