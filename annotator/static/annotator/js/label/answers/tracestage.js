// Over the video while a trace is recorded: the rail, the countdown, and the hands that lead it. The recorder decides; this moves the player.

import { attributes, button, make } from "./dom.js";
import { DIRECTIONS, KEY_RATE, KEY_STEP, STEP_PX, WHEEL_STEP, pointerLetter } from "./hands.js";
import { COUNTDOWN, INTERRUPTED, RECORDING } from "./recorder.js";
import { scaleOf } from "./tracecurve.js";
import { WORDS } from "./words.js";

export class TraceStage {
  constructor({ dimension, session, recorder, checkpoint_ms, onKeep, onEnd }) {
    Object.assign(this, { dimension, session, recorder, checkpoint_ms, onKeep, onEnd });
    this.held = 0;
    this.then_ms = null;
    this.listening = new AbortController();
    this.#build();
  }

  start(from_s) {
    const { clock } = this.session;
    this.before = { loop: clock.loop, rate: clock.rate };
    clock.pause();
    Object.assign(clock, { loop: false, rate: 1 });
    this.session.seek(from_s);
    const { video_s, wall_ms } = this.session.now;
    this.recorder.begin(from_s === null ? -1 : video_s, wall_ms);
    this.kept_ms = wall_ms;
    this.session.stage.append(this.root);
    this.#listen();
    this.rail.focus({ preventScroll: true });
    this.#frame();
  }

  // From outside: another clip comes.
  leave() {
    if (!this.recorder.isRunning) return;
    this.recorder.stop(this.session.now.wall_ms);
    this.#close();
  }

  #finish() {
    this.#close();
    this.onEnd();
  }

  #close() {
    this.listening.abort();
    cancelAnimationFrame(this.request);
    this.session.clock.pause();
    Object.assign(this.session.clock, this.before);
    this.root.remove();
  }

  #frame = () => {
    const { recorder, session } = this;
    const { video_s, wall_ms } = session.now;
    this.#lead(wall_ms);
    const { isPlaying, isWaiting } = session.clock;
    const wish = session.isEnded && recorder.state === RECORDING ? recorder.stop(wall_ms) : recorder.tick({ video_s, wall_ms, isPlaying, isStalled: isPlaying && isWaiting });
    if (wish === "end") return this.#finish();
    if (wish === "play") session.clock.play();
    if (wish === "pause") this.#halt();
    if (recorder.state === RECORDING && wall_ms - this.kept_ms > this.checkpoint_ms) {
      this.kept_ms = wall_ms;
      this.onKeep();
    }
    this.#show(wall_ms);
    this.request = requestAnimationFrame(this.#frame);
    return undefined;
  };

  // Held keys lead on at a fixed rate.
  #lead(wall_ms) {
    const { bounds, value } = this.recorder;
    const seconds = this.then_ms === null ? 0 : Math.min(0.25, (wall_ms - this.then_ms) / 1000);
    this.then_ms = wall_ms;
    if (this.held && bounds) this.#move(value + this.held * KEY_RATE * seconds, "k");
  }

  #move(value, device) {
    this.recorder.move(value, device, this.session.now);
  }

  // ---- hands

  #listen() {
    const options = { signal: this.listening.signal };
    window.addEventListener("keydown", (event) => this.#key(event), { ...options, capture: true });
    window.addEventListener("keyup", (event) => this.#released(event), { ...options, capture: true });
    window.addEventListener("blur", () => this.#away(), options);
    window.addEventListener("focus", () => this.#back(), options);
    document.addEventListener("visibilitychange", () => (document.visibilityState === "visible" ? this.#back() : this.#away()), options);
    this.root.addEventListener("pointermove", (event) => this.#point(event), options);
    this.root.addEventListener("pointerdown", (event) => this.#point(event), options);
    this.root.addEventListener("wheel", (event) => this.#wheel(event), { ...options, passive: false });
    this.ending.addEventListener("click", () => this.#stop(), options);
  }

  #key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || event.key === "Tab") return;
    event.stopPropagation(); // nothing else of the page is reached by keys meanwhile
    if (event.target === this.ending && [" ", "Enter"].includes(event.key)) return;
    event.preventDefault();
    if (event.key in DIRECTIONS) this.#press(DIRECTIONS[event.key], event.repeat);
    else if (event.repeat) return;
    else if (event.key === " ") this.#pauseOrGoOn();
    else if (event.key === "Escape" || event.key === "Enter") this.#stop();
  }

  #press(direction, isRepeat) {
    const { bounds, value } = this.recorder;
    if (!bounds) this.#move(value + direction, "k");
    else if (!isRepeat) this.#move(value + direction * KEY_STEP, "k");
    this.held = direction;
  }

  #released({ key }) {
    if (DIRECTIONS[key] === this.held) this.held = 0;
  }

  #point(event) {
    const { bounds, value } = this.recorder;
    const device = pointerLetter(event.pointerType);
    if (bounds) {
      const box = this.rail.getBoundingClientRect();
      const share = 1 - (event.clientY - box.top) / box.height;
      this.#move(bounds.low + share * (bounds.high - bounds.low), device);
    } else if (event.type === "pointermove" && event.movementY) this.#move(value - event.movementY / STEP_PX, device);
  }

  #wheel(event) {
    event.preventDefault();
    const { bounds, value } = this.recorder;
    if (event.deltaY) this.#move(value - Math.sign(event.deltaY) * (bounds ? WHEEL_STEP : 1), "w");
  }

  #pauseOrGoOn() {
    const { wall_ms } = this.session.now;
    if (this.recorder.state === INTERRUPTED) this.recorder.resume(wall_ms);
    else this.#interrupt("pause");
  }

  #interrupt(reason) {
    if (this.recorder.interrupt(reason, this.session.now.wall_ms) === "pause") this.#halt();
    this.held = 0;
  }

  // Back to the last frame that was seen: the player may have run on a little.
  #halt() {
    this.session.clock.pause();
    if (this.recorder.seen_s !== null && !this.session.clock.isWaiting) this.session.seek(this.recorder.seen_s);
  }

  #away() {
    this.#interrupt("blur");
    if (this.recorder.events.device) this.onKeep();
  }

  #back() {
    if (this.recorder.reason === "blur") this.recorder.resume(this.session.now.wall_ms);
  }

  #stop() {
    this.recorder.stop(this.session.now.wall_ms);
    this.#finish();
  }

  // ---- what is seen

  #build() {
    const { bounds } = this.recorder;
    this.root = attributes(make("div", "trace-stage"), { role: "group", "aria-label": this.dimension.title, "data-testid": "trace-stage" });
    this.rail = attributes(make("div", "trace-rail"), { tabindex: 0, role: "slider", "aria-orientation": "vertical", "aria-label": this.dimension.title });
    if (bounds) attributes(this.rail, { "aria-valuemin": bounds.low, "aria-valuemax": bounds.high });
    this.mark = make("div", "trace-mark");
    this.rail.append(make("span", "trace-zero"), this.mark);
    const [low, high] = this.dimension.classes;
    this.count = attributes(make("p", "trace-count"), { "aria-live": "assertive", "data-testid": "trace-count" });
    this.state = attributes(make("p", "trace-state"), { role: "status", "data-testid": "trace-state" });
    this.ending = attributes(button("btn small trace-stop", WORDS.stop), { "data-testid": "trace-stop" });
    this.root.append(this.rail, make("span", "trace-end high", { textContent: high }), make("span", "trace-end low", { textContent: low }), this.count, this.state, this.ending);
  }

  #show(wall_ms) {
    const { recorder } = this;
    const { low, high } = scaleOf([recorder.value], recorder.bounds);
    this.mark.style.bottom = `${(100 * (recorder.value - low)) / (high - low)}%`;
    const left = recorder.secondsLeft(wall_ms);
    say(this.count, recorder.state === COUNTDOWN ? WORDS.countdown(this.dimension.title, left) : "");
    say(this.state, recorder.state === INTERRUPTED ? WORDS.interrupted[recorder.reason] : WORDS.leading);
    this.root.dataset.state = recorder.state;
    this.root.dataset.reason = recorder.reason;
    this.rail.setAttribute("aria-valuenow", recorder.value.toFixed(2));
  }
}

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
