// The session page's viewer: the frame on screen says where the cursor stands, in the traces and in the overview.

import { FreeClock, VideoClock } from "../label/clock.js";
import { TimeMap, clamp } from "../label/timemap.js";
import { Overview } from "./overview.js";
import { Playback } from "./playback.js";
import { SAYS } from "./strings.js";
import { openTraces } from "./traces.js";

const el = (id) => document.getElementById(id);

export class Viewer {
  constructor({ root, config, storage }) {
    this.root = root;
    this.bounds = { start_s: config.first_s, stop_s: config.last_s };
    const hands = { onSeek: (session_s) => this.seek(session_s) };
    this.overview = new Overview({ root: el("overview"), canvas: el("overview-canvas"), said: el("overview-said"), figure: config, hands });
    this.traces = openTraces(config, { storage, onScrub: (session_s) => this.seek(session_s), onView: (span) => this.#viewed(span) });
    this.clock = this.#clock(config);
    this.playback = new Playback({ root: el("transport"), clock: this.clock, length_s: config.last_s });
    this.clock.onTick = (session_s) => this.#tick(session_s);
    this.#tick(this.clock.session_s);
    root.dataset.state = "ready";
  }

  #clock({ video_url: url, clock }) {
    const whole = { start_s: 0, stop_s: this.bounds.stop_s, context_start_s: this.bounds.start_s, context_stop_s: this.bounds.stop_s };
    const video = url ? openVideo(el("stage"), url, (error) => this.#stageNote(SAYS.failedVideo(error))) : null;
    if (!video) this.#stageNote(SAYS.noVideo);
    const made = video ? new VideoClock(whole, video, new TimeMap(clock)) : new FreeClock(whole);
    made.loop = false;
    return made;
  }

  #viewed(span) {
    this.overview.show({ span });
    Object.assign(this.root.dataset, { startS: span.start_s.toFixed(4), stopS: span.stop_s.toFixed(4) });
  }

  #tick(session_s) {
    this.traces.setCursor(session_s, { isPlaying: this.clock.isPlaying });
    this.overview.show({ cursor_s: session_s });
    this.playback.showTime(session_s);
    const { mediaTime } = this.clock;
    Object.assign(this.root.dataset, { cursorS: session_s.toFixed(4), videoTime: mediaTime?.toFixed(4) ?? "" });
  }

  #stageNote(text) {
    el("stage-note").hidden = !text;
    el("stage-note").textContent = text;
  }

  // ---- hands

  seek(session_s) {
    this.clock.seek(clamp(session_s, this.bounds.start_s, this.bounds.stop_s));
  }

  act({ name, by }) {
    const acts = {
      play: () => this.clock.toggle(),
      start: () => this.seek(this.bounds.start_s),
      frame: () => this.clock.step(by),
      second: () => this.seek(this.clock.session_s + by),
      keys: () => el("keys-dialog").showModal(),
    };
    if (acts[name]) acts[name]();
    else this.traces.act({ name, by });
  }
}

export function openVideo(stage, url, onError) {
  const video = document.createElement("video");
  Object.assign(video, { muted: true, playsInline: true, preload: "auto", disablePictureInPicture: true, src: url, className: "is-shown" });
  video.dataset.testid = "video";
  video.addEventListener("error", () => onError(video.error?.message || ""));
  stage.append(video);
  return video;
}
