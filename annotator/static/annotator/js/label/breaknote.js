// The quiet note that a break is due: never over a playing clip, never in the way, gone when dismissed.

import { STRINGS } from "./strings.js";

const LOOK_MS = 1000;

export class BreakNote {
  // isPlaying(), nToday(): what the page knows
  constructor({ clock, note, text, close, every, isPlaying, nToday }) {
    Object.assign(this, { clock, note, text, isPlaying, nToday });
    every.value = String(clock.every_min);
    every.addEventListener("change", () => clock.setEvery(Number(every.value)));
    close.addEventListener("click", () => this.dismiss());
    for (const kind of ["keydown", "pointerdown"]) document.addEventListener(kind, () => clock.worked(), { passive: true });
    setInterval(() => this.look(), LOOK_MS);
  }

  look() {
    const isShown = this.clock.isDue() && !this.isPlaying();
    if (isShown && this.note.hidden) this.text.textContent = STRINGS.breakDue(Math.round(this.clock.worked_min), this.nToday());
    this.note.hidden = !isShown;
  }

  dismiss() {
    this.clock.dismiss();
    this.note.hidden = true;
  }
}
