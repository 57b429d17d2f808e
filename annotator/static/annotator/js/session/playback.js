// Play, step, rate, time: the buttons under the video of a session.

import { STRINGS } from "../label/strings.js";
import { clockText } from "../label/timemap.js";

export class Playback {
  constructor({ root, clock, length_s }) {
    this.parts = Object.fromEntries([...root.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, part]));
    this.clock = clock;
    this.length_s = length_s;
    this.parts.play.addEventListener("click", () => clock.toggle());
    this.parts.back.addEventListener("click", () => clock.step(-1));
    this.parts.forward.addEventListener("click", () => clock.step(1));
    this.parts.rate.addEventListener("change", ({ target }) => {
      clock.rate = Number(target.value);
    });
    clock.onState = () => this.showState();
    this.showState();
    this.showTime(clock.session_s);
  }

  showTime(session_s) {
    this.parts.time.textContent = `${clockText(session_s)} / ${clockText(this.length_s)}`;
  }

  showState() {
    const { isPlaying, isWaiting } = this.clock;
    const word = isPlaying ? STRINGS.pause : STRINGS.play;
    this.parts.play.setAttribute("aria-label", word);
    this.parts.play.title = STRINGS.playKey(word);
    this.parts["play-icon"].setAttribute("href", isPlaying ? "#i-pause" : "#i-play");
    this.parts.buffering.hidden = !(isPlaying && isWaiting);
  }
}
