// How long somebody has worked without a pause, kept in this browser over reloads and tabs. No DOM here.

const PAUSE_MS = 5 * 60_000; // so long without a key or a click is a pause
const MINUTE_MS = 60_000;
export const DEFAULT_EVERY_MIN = 45;

export class BreakClock {
  constructor({ storage, user, now = () => Date.now() }) {
    Object.assign(this, { storage, key: `concord:breaks:${user}`, now });
  }

  // Minutes of work after which a break is due; 0: never.
  get every_min() {
    const { every_min } = this.#read();
    return Number.isFinite(every_min) && every_min >= 0 ? every_min : DEFAULT_EVERY_MIN;
  }

  setEvery(every_min) {
    this.#write({ every_min });
  }

  // A key, a click, an answer.
  worked() {
    const now = this.now();
    const { since, last } = this.#read();
    const goesOn = Number.isFinite(since) && now - last < PAUSE_MS && now >= last;
    this.#write({ since: goesOn ? since : now, last: now });
  }

  get worked_min() {
    const { since, last } = this.#read();
    const now = this.now();
    return Number.isFinite(since) && now - last < PAUSE_MS ? (now - since) / MINUTE_MS : 0;
  }

  isDue() {
    return this.every_min > 0 && this.worked_min >= this.every_min;
  }

  // Seen: the next one is due after as long again.
  dismiss() {
    const now = this.now();
    this.#write({ since: now, last: now });
  }

  #read() {
    try {
      const kept = JSON.parse(this.storage.getItem(this.key));
      return kept && typeof kept === "object" ? kept : (this.here ?? {});
    } catch {
      return this.here ?? {};
    }
  }

  #write(fields) {
    this.here = { ...this.#read(), ...fields };
    try {
      this.storage.setItem(this.key, JSON.stringify(this.here));
    } catch {
      // storage is full or off: it holds until the page is left
    }
  }
}
