// The calibration: a dot moves for a minute, a hand follows it by the device that traces will be led by, and the server measures the delay.

import { attributes } from "../label/answers/dom.js";
import { DIRECTIONS, KEY_RATE, KEY_STEP, WHEEL_STEP, pointerLetter } from "../label/answers/hands.js";
import { tokenFromCookie } from "../label/api.js";
import { LENGTH_S, courseOf } from "./stimulus.js";

const COUNTDOWN_MS = 3000;
const DEVICE_OF = { m: "pointer", t: "pointer", p: "pointer", k: "keys", w: "wheel" };

class Calibration {
  constructor(root, words) {
    this.root = root;
    this.words = words;
    this.parts = Object.fromEntries([...root.querySelectorAll("[data-part]")].map((part) => [part.dataset.part, part]));
    this.parts.start.addEventListener("click", () => this.#start());
    this.parts.field.addEventListener("pointermove", (event) => this.#point(event));
    this.parts.field.addEventListener("pointerdown", (event) => this.#point(event));
    this.parts.field.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.parts.field.addEventListener("keydown", (event) => this.#key(event));
    this.parts.field.addEventListener("keyup", ({ key }) => { if (DIRECTIONS[key] === this.held) this.held = 0; });
    window.addEventListener("blur", () => this.#giveUp());
    document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && this.#giveUp());
  }

  get device() {
    return this.root.querySelector("input[name=device]:checked").value;
  }

  #start() {
    const seed = Number(this.root.dataset.seed) || crypto.getRandomValues(new Uint32Array(1))[0] >>> 1;
    Object.assign(this, { seed, course: courseOf(seed), value: 0, held: 0, then_ms: null });
    this.events = { stimulus_s: [], wall_ms: [], value: [], device: "" };
    this.begins_ms = performance.now() + COUNTDOWN_MS;
    this.isRunning = true;
    this.parts.start.disabled = true;
    this.parts.field.focus();
    this.#frame(performance.now());
  }

  #frame = (now_ms) => {
    if (!this.isRunning) return;
    const stimulus_s = (now_ms - this.begins_ms) / 1000;
    this.#lead(now_ms);
    if (stimulus_s >= LENGTH_S) {
      this.#finish();
      return;
    }
    if (stimulus_s >= 0 && !this.events.device) this.#push("b", stimulus_s, now_ms);
    this.#place(this.parts.dot, this.course(Math.max(0, stimulus_s)));
    this.#place(this.parts.hand, this.value);
    this.#say(stimulus_s < 0 ? this.words.countdown.replace("%s", Math.ceil(-stimulus_s)) : this.words.left.replace("%s", Math.ceil(LENGTH_S - stimulus_s)));
    this.root.dataset.state = stimulus_s < 0 ? "countdown" : "running";
    requestAnimationFrame(this.#frame);
  };

  #lead(now_ms) {
    const seconds = this.then_ms === null ? 0 : Math.min(0.25, (now_ms - this.then_ms) / 1000);
    this.then_ms = now_ms;
    if (this.held) this.#move(this.value + this.held * KEY_RATE * seconds, "k");
  }

  // Another hand than the chosen device's has no say.
  #move(value, letter) {
    if (!this.isRunning || DEVICE_OF[letter] !== this.device) return;
    const bounded = Math.min(Math.max(value, -1), 1);
    if (bounded === this.value) return;
    this.value = bounded;
    const now_ms = performance.now();
    const stimulus_s = (now_ms - this.begins_ms) / 1000;
    if (this.events.device && stimulus_s < LENGTH_S) this.#push(letter, stimulus_s, now_ms);
  }

  #push(letter, stimulus_s, now_ms) {
    const { events } = this;
    events.stimulus_s.push(Math.max(round(stimulus_s, 1e4), events.stimulus_s.at(-1) ?? 0));
    events.wall_ms.push(Math.max(round(now_ms - this.begins_ms, 10), events.wall_ms.at(-1) ?? 0));
    events.value.push(round(this.value, 1e4));
    events.device += letter;
  }

  #point(event) {
    const box = this.parts.rail.getBoundingClientRect();
    this.#move(1 - (2 * (event.clientY - box.top)) / box.height, pointerLetter(event.pointerType));
  }

  #wheel(event) {
    if (!this.isRunning) return;
    event.preventDefault();
    if (event.deltaY) this.#move(this.value - Math.sign(event.deltaY) * WHEEL_STEP, "w");
  }

  #key(event) {
    if (!this.isRunning) return;
    if (event.key === "Escape") this.#giveUp();
    if (!(event.key in DIRECTIONS)) return;
    event.preventDefault();
    if (!event.repeat) this.#move(this.value + DIRECTIONS[event.key] * KEY_STEP, "k");
    this.held = DIRECTIONS[event.key];
  }

  // A minute with a hole says little: it is begun anew.
  #giveUp() {
    if (!this.isRunning) return;
    this.#end();
    this.#say(this.words.interrupted);
    this.root.dataset.state = "interrupted";
  }

  #end() {
    this.isRunning = false;
    this.parts.start.disabled = false;
  }

  async #finish() {
    this.#push("e", LENGTH_S, performance.now());
    this.#end();
    this.#say(this.words.sending);
    const { seed, events, device } = this;
    const answer = await send(this.root.dataset.address, { seed, events, device });
    this.root.dataset.state = answer.lag_ms === undefined ? "refused" : "measured";
    const found = answer.lag_ms === undefined ? answer.message : this.words.measured.replace("%s", Math.round(answer.lag_ms)).replace("%r", answer.correlation.toFixed(2));
    this.#say(found ?? this.words.silent);
  }

  #place(part, value) {
    part.style.bottom = `${50 + 50 * value}%`;
    if (part === this.parts.hand) attributes(this.parts.field, { "aria-valuenow": value.toFixed(2) });
  }

  #say(text) {
    if (this.parts.said.textContent !== text) this.parts.said.textContent = text;
  }
}

async function send(address, body) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": tokenFromCookie(document.cookie) ?? "" };
  try {
    const response = await fetch(address, { method: "POST", credentials: "same-origin", headers, body: JSON.stringify(body) });
    return await response.json();
  } catch {
    return {};
  }
}

function round(number, per) {
  return Math.round(number * per) / per;
}

const root = document.getElementById("calibration");
new Calibration(root, JSON.parse(document.getElementById("calibration-words").textContent));
