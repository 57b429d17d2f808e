// Play, step, rate, loop, time: what the person does to the clock of the clip on the page.

import { STRINGS } from "./strings.js";
import { clockText } from "./timemap.js";

const PREFERENCES = "concord:playback";

export class Transport {
  constructor({ root, storage }) {
    this.parts = Object.fromEntries([...root.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, part]));
    this.root = root;
    this.storage = storage;
    this.clock = null;
    this.preferences = { rate: 1, loop: true, autoplay: false, ...read(storage) };
    this.parts.play.addEventListener("click", () => this.clock?.toggle());
    this.parts.back.addEventListener("click", () => this.clock?.step(-1));
    this.parts.forward.addEventListener("click", () => this.clock?.step(1));
    this.parts.start.addEventListener("click", () => this.clock?.restart());
    this.parts.loop.addEventListener("click", () => this.toggle("loop"));
    this.parts.context.addEventListener("click", () => this.toggleContext());
    this.parts.autoplay.addEventListener("click", () => this.toggle("autoplay"));
    this.parts.rate.addEventListener("change", () => this.#set({ rate: Number(this.parts.rate.value) }));
    this.#show();
  }

  attach(clock) {
    this.clock = clock;
    clock.rate = this.preferences.rate;
    clock.loop = this.preferences.loop;
    clock.onState = () => this.showState();
    this.#showContext();
    this.showState();
    this.showTime(clock.session_s);
  }

  toggle(name) {
    this.#set({ [name]: !this.preferences[name] });
  }

  // For the clip on the page only: the next one is judged by itself again.
  toggleContext() {
    this.clock.setContext(!this.clock.hasContext);
    this.#showContext();
  }

  #showContext() {
    this.parts.context.setAttribute("aria-pressed", String(this.clock.hasContext));
  }

  showTime(session_s) {
    const { start_s, stop_s } = this.clock.clip;
    this.parts.time.textContent = clockText(session_s - start_s);
    this.parts.time.title = STRINGS.ofLength(stop_s - start_s);
  }

  showState() {
    const { isPlaying, isWaiting } = this.clock;
    this.parts.play.setAttribute("aria-label", isPlaying ? STRINGS.pause : STRINGS.play);
    this.parts.play.title = STRINGS.playKey(isPlaying ? STRINGS.pause : STRINGS.play);
    this.parts["play-icon"].setAttribute("href", isPlaying ? "#i-pause" : "#i-play");
    this.root.dataset.playing = String(isPlaying);
    this.parts.buffering.hidden = !(isPlaying && isWaiting);
  }

  #set(fields) {
    this.preferences = { ...this.preferences, ...fields };
    try {
      this.storage.setItem(PREFERENCES, JSON.stringify(this.preferences));
    } catch {
      // storage is full or off: the choice holds until the page is left
    }
    this.#show();
    if (!this.clock) return;
    this.clock.rate = this.preferences.rate;
    this.clock.loop = this.preferences.loop;
  }

  #show() {
    this.parts.rate.value = String(this.preferences.rate);
    this.parts.loop.setAttribute("aria-pressed", String(this.preferences.loop));
    this.parts.autoplay.setAttribute("aria-pressed", String(this.preferences.autoplay));
  }
}

function read(storage) {
  try {
    return JSON.parse(storage.getItem(PREFERENCES)) ?? {};
  } catch {
    return {};
  }
}
