// Recording a trace while a clip plays, without the page: what was led where, when nobody looked, and what is taken again.
// Times come from outside: `video_s` of the frame on screen, `wall_ms` of a clock that never runs backwards.

export const COUNTDOWN_MS = 3000;
// a frame that stays so long is a stall, whatever the browser says
const STALL_MS = 700;
// a jump by so much is a seek, not playing
const JUMP_S = 1;
const END_S = 0.02;
const LAST_FRAME_S = 0.12;
const MOST_EVENTS = 19_000; // the server takes 20,000

export const IDLE = "idle";
export const COUNTDOWN = "countdown";
export const STARTING = "starting";
export const RECORDING = "recording";
export const INTERRUPTED = "interrupted";

export class TraceRecorder {
  // span: the clip on the events' clock {start_s, stop_s}; bounds: {low, high} or null; kept: an earlier recording to go on from
  constructor({ clock, span, bounds, kept = null }) {
    Object.assign(this, { clock, span, bounds });
    this.state = IDLE;
    this.reason = "";
    this.began_ms = kept?.began_ms ?? null;
    this.events = copyOf(kept?.events);
    this.superseded = (kept?.superseded ?? []).map(copyOf);
    this.value = this.events.value.at(-1) ?? 0;
    this.seen_s = null;
    this.seen_ms = 0;
  }

  get isRunning() {
    return this.state !== IDLE;
  }

  get nEvents() {
    return [this.events, ...this.superseded].reduce((n, { device }) => n + device.length, 0);
  }

  // From here on anew: later events are kept apart as a take that was recorded again.
  begin(video_s, wall_ms) {
    this.#cut(video_s);
    this.value = this.events.value.at(-1) ?? 0;
    this.#count(wall_ms);
  }

  // After an interruption; the countdown first.
  resume(wall_ms) {
    if (this.state === INTERRUPTED) this.#count(wall_ms);
  }

  #count(wall_ms) {
    this.state = COUNTDOWN;
    this.reason = "";
    this.due_ms = wall_ms + COUNTDOWN_MS;
  }

  secondsLeft(wall_ms) {
    return this.state === COUNTDOWN ? Math.max(1, Math.ceil((this.due_ms - wall_ms) / 1000)) : 0;
  }

  // At every frame of the screen. Returns what the player has to do: "play", "pause", "end" or "".
  tick({ video_s, wall_ms, isPlaying, isStalled }) {
    if (this.state === COUNTDOWN && wall_ms >= this.due_ms) {
      this.state = STARTING;
      return "play";
    }
    if (this.state === STARTING && isPlaying && !isStalled) {
      this.state = RECORDING;
      this.seen_s = video_s;
      this.seen_ms = wall_ms;
      this.#push(video_s, wall_ms, "b");
      return "";
    }
    if (this.state === INTERRUPTED && this.reason === "stall" && !isStalled) this.resume(wall_ms);
    return this.state === RECORDING ? this.#follow(video_s, wall_ms, isPlaying, isStalled) : "";
  }

  #follow(video_s, wall_ms, isPlaying, isStalled) {
    const moved_s = video_s - this.seen_s;
    if (moved_s < 0 || moved_s > JUMP_S) return this.#end(this.seen_s, wall_ms); // somebody sought elsewhere
    if (moved_s > 0) this.seen_ms = wall_ms;
    this.seen_s = video_s;
    // the last frame stays on screen until the clip's end
    if (video_s >= this.span.stop_s - END_S || (!isPlaying && video_s >= this.span.stop_s - LAST_FRAME_S)) return this.#end(this.span.stop_s, wall_ms);
    if (this.nEvents >= MOST_EVENTS) return this.#end(video_s, wall_ms);
    if (isStalled || (isPlaying && wall_ms - this.seen_ms > STALL_MS)) return this.interrupt("stall", wall_ms);
    return isPlaying ? "" : this.interrupt("pause", wall_ms);
  }

  // The hand moved; before the recording runs this only sets where it begins. Device: m, t, p, k or w.
  move(value, device, { video_s, wall_ms }) {
    const bounded = this.bounds ? Math.min(Math.max(value, this.bounds.low), this.bounds.high) : value;
    if (bounded === this.value) return;
    this.value = bounded;
    if (this.state === RECORDING) this.#push(video_s, wall_ms, device);
  }

  // Nobody looks: a pause, the window left, the video stalled.
  interrupt(reason, wall_ms) {
    if (![COUNTDOWN, STARTING, RECORDING].includes(this.state)) return "";
    if (this.state === RECORDING) this.#push(this.seen_s, wall_ms, "e");
    this.state = INTERRUPTED;
    this.reason = reason;
    return "pause";
  }

  stop(wall_ms) {
    if (this.state === RECORDING) return this.#end(this.seen_s, wall_ms);
    this.state = IDLE;
    return "end";
  }

  #end(video_s, wall_ms) {
    this.#push(video_s, wall_ms, "e");
    this.state = IDLE;
    return "end";
  }

  #push(video_s, wall_ms, device) {
    if (this.began_ms === null) this.began_ms = Math.floor(wall_ms);
    const { events } = this;
    // a reload may set the wall clock back by a little, a late frame the video's
    events.video_s.push(Math.max(rounded(video_s, 1e4), events.video_s.at(-1) ?? 0));
    events.wall_ms.push(Math.max(rounded(wall_ms - this.began_ms, 10), events.wall_ms.at(-1) ?? 0));
    events.value.push(rounded(this.value, 1e4));
    events.device += device;
  }

  #cut(video_s) {
    const { events } = this;
    const first = events.video_s.findIndex((time, i) => time > video_s || (time === video_s && events.device[i] === "b"));
    if (first === -1) return;
    this.superseded.push(part(events, first, events.device.length));
    this.events = part(events, 0, first);
    const wasRunning = first > 0 && events.device[first - 1] !== "e";
    if (wasRunning) {
      this.events.video_s.push(Math.max(rounded(video_s, 1e4), this.events.video_s.at(-1)));
      this.events.wall_ms.push(this.events.wall_ms.at(-1));
      this.events.value.push(this.events.value.at(-1));
      this.events.device += "e";
    }
  }

  get coverage() {
    return coverageOf(this.events, this.span);
  }

  // As the server takes it. While it runs, as if it ended now: what is kept of a tab that dies.
  recording({ accepts_gaps = false } = {}) {
    const events = copyOf(this.events);
    if (events.device && !events.device.endsWith("e")) {
      events.video_s.push(Math.max(rounded(this.seen_s, 1e4), events.video_s.at(-1)));
      events.wall_ms.push(events.wall_ms.at(-1));
      events.value.push(events.value.at(-1));
      events.device += "e";
    }
    const { clock, began_ms, superseded } = this;
    return { clock, began_ms, events, superseded: superseded.map(copyOf), accepts_gaps, coverage: coverageOf(events, this.span) };
  }
}

// Stretches that were recorded [start_s, stop_s], in order; one that still runs ends at the last event.
export function stretchesOf({ video_s, device }) {
  const found = [];
  for (let i = 0; i < device.length; i += 1) {
    if (device[i] === "b") found.push([video_s[i], video_s[i]]);
    else found.at(-1)[1] = video_s[i];
  }
  return found;
}

// Share of the clip within them, to four places as the server reckons it.
export function coverageOf(events, { start_s, stop_s }) {
  const seen_s = stretchesOf(events).reduce((sum, [from_s, to_s]) => sum + Math.max(0, Math.min(to_s, stop_s) - Math.max(from_s, start_s)), 0);
  return Math.min(1, rounded(seen_s / (stop_s - start_s), 1e4));
}

// Where what was recorded first ends: the place to go on from.
export function firstGap(events, { start_s, stop_s }) {
  let at_s = start_s;
  for (const [from_s, to_s] of stretchesOf(events)) {
    if (from_s > at_s + 0.15) return at_s;
    at_s = Math.max(at_s, to_s);
  }
  return at_s < stop_s - 0.15 ? at_s : null;
}

function copyOf(events) {
  return part(events ?? { video_s: [], wall_ms: [], value: [], device: "" }, 0, Infinity);
}

function part({ video_s, wall_ms, value, device }, from, to) {
  return { video_s: video_s.slice(from, to), wall_ms: wall_ms.slice(from, to), value: value.slice(from, to), device: device.slice(from, to) };
}

function rounded(number, per) {
  return Math.round(number * per) / per;
}
