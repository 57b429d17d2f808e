// Playback: one clock a clip. The video's clock tells the time of the frame that is on screen; a clip without video runs on a clock of its own.
// Both: session_s, isPlaying, play(), pause(), seek(), step(), rate, onTick(session_s), onState().

import { boundaryAfter, clamp } from "./timemap.js";

const ASK_AGAIN_MS = 400;
// a video whose frames are further apart than those before shows one that began long before the place asked for
const MOST_ASKED = 5;

class Clock {
  constructor(clip) {
    this.clip = clip;
    this.loop = true;
    this.hasContext = false;
    this.session_s = clip.start_s;
    this.onTick = () => {};
    this.onState = () => {};
  }

  toggle() {
    return this.isPlaying ? this.pause() : this.play();
  }

  // What is played: the clip, or all that may be seen around it.
  get played() {
    const { context_start_s: start_s, context_stop_s: stop_s } = this.clip;
    return this.hasContext ? { start_s, stop_s } : this.clip;
  }

  setContext(hasContext) {
    this.hasContext = hasContext;
    const { start_s, stop_s } = this.played;
    if (this.session_s < start_s || this.session_s > stop_s) this.restart();
    else this.boundary_s = this.boundaryFrom(this.session_s);
  }

  boundaryFrom(session_s) {
    return boundaryAfter(session_s, { stop_s: this.played.stop_s, context_stop_s: this.clip.context_stop_s });
  }

  // The first frame that begins within what is played, not the one that is still on screen when it begins.
  get first_s() {
    return this.played.start_s + this.frame_s * 0.98;
  }

  restart() {
    this.seek(this.first_s);
  }

  within(session_s) {
    return clamp(session_s, this.clip.context_start_s, this.clip.context_stop_s);
  }

  show(session_s) {
    this.session_s = session_s;
    this.onTick(session_s);
  }
}

export class VideoClock extends Clock {
  // heard_s: time stamp of the frame that the video has come to already, null where none is known
  constructor(clip, video, map, { heard_s = null } = {}) {
    super(clip);
    this.video = video;
    this.map = map;
    this.frame_s = 1 / 30;
    this.mediaTime = null;
    this.isOpening = true;
    this.isArriving = false;
    this.frames = null;
    this.wanted = null;
    this.boundary_s = clip.stop_s;
    this.asksLeft = MOST_ASKED;
    this.listening = new AbortController();
    for (const name of ["play", "pause", "waiting", "playing", "canplay", "seeked", "error"]) {
      video.addEventListener(name, () => this.onState(), { signal: this.listening.signal });
    }
    video.addEventListener("ended", () => this.#turn(), { signal: this.listening.signal });
    this.request = video.requestVideoFrameCallback(this.#presented);
    if (heard_s !== null && !video.seeking && Math.abs(heard_s - video.currentTime) < 1.5 * this.frame_s) {
      this.mediaTime = heard_s;
      this.session_s = map.toSession(heard_s);
    }
    this.#askForFrame();
  }

  get isPlaying() {
    return !this.video.paused;
  }

  get isWaiting() {
    return this.video.readyState < 3 && !this.video.error;
  }

  get rate() {
    return this.video.playbackRate;
  }

  set rate(value) {
    this.video.playbackRate = value;
  }

  play() {
    if (Math.abs(this.session_s - this.played.stop_s) <= this.frame_s) this.restart();
    this.boundary_s = this.boundaryFrom(this.session_s);
    return this.video.play().catch(() => this.onState());
  }

  pause() {
    this.video.pause();
  }

  // The cursor moves at once; the frame that arrives then says where it truly is.
  seek(session_s) {
    const target_s = this.within(session_s);
    this.boundary_s = this.boundaryFrom(target_s);
    this.show(target_s);
    this.#seekVideo(this.map.toVideo(target_s));
  }

  // A frame back: just before this frame's own time stamp. A frame on: into the middle of the next, from the interval seen so far.
  step(frames) {
    this.pause();
    const shown_s = this.isArriving ? null : this.mediaTime; // after a seek, the frame on screen is still the old one
    const from_s = this.wanted ?? shown_s ?? this.video.currentTime;
    const middle_s = from_s + (frames + 0.5) * this.frame_s;
    const video_s = frames === -1 && this.wanted === null && shown_s !== null ? from_s - 0.001 - this.frame_s * 0.25 : middle_s;
    const session_s = this.within(this.map.toSession(video_s));
    this.wanted = from_s + frames * this.frame_s;
    this.boundary_s = this.boundaryFrom(session_s);
    this.#seekVideo(this.map.toVideo(session_s), { keepWanted: true });
  }

  close() {
    this.pause();
    this.listening.abort();
    clearTimeout(this.asking);
    this.video.cancelVideoFrameCallback(this.request);
  }

  // Not every frame is told: one was there before anybody listened (a clip loaded ahead), another went on screen while the browser was busy. Seeking to it presents it anew.
  #askForFrame = () => {
    const { video } = this;
    const isStill = video.readyState >= 2 && video.paused && !video.seeking;
    if (isStill && this.#isUntold() && document.visibilityState === "visible") {
      this.asksLeft -= 1;
      video.currentTime += 0;
    }
    this.asking = setTimeout(this.#askForFrame, ASK_AGAIN_MS);
  };

  #isUntold() {
    if (this.mediaTime === null) return true;
    return this.asksLeft > 0 && Math.abs(this.mediaTime - this.video.currentTime) > 1.5 * this.frame_s;
  }

  #seekVideo(video_s, { keepWanted = false } = {}) {
    if (!keepWanted) this.wanted = null;
    this.isArriving = !keepWanted;
    this.asksLeft = MOST_ASKED;
    const last_s = Number.isFinite(this.video.duration) ? this.video.duration - 0.001 : video_s;
    // half a millisecond on: a time stamp rounded down would show the frame before
    this.video.currentTime = clamp(video_s + 0.0005, 0, Math.max(0, last_s));
  }

  #presented = (_now, { mediaTime, presentedFrames }) => {
    this.request = this.video.requestVideoFrameCallback(this.#presented);
    const isNear = Math.abs(mediaTime - this.video.currentTime) < 1.5 * this.frame_s;
    if (this.isOpening && this.video.seeking && !isNear) return; // the file's first frame, on the way to the clip: no part of it
    this.isOpening = false;
    this.#learnInterval(mediaTime, presentedFrames);
    this.mediaTime = mediaTime;
    if (!this.video.seeking) this.wanted = null; // a frame of an earlier seek does not undo quick steps
    // the frame asked for may come before the browser says that the seek has ended
    if (!this.video.seeking || isNear) this.isArriving = false;
    this.show(this.map.toSession(mediaTime));
    if (this.isPlaying && this.session_s + this.frame_s / 2 >= this.boundary_s) this.#turn();
  };

  #learnInterval(mediaTime, presentedFrames) {
    const interval_s = mediaTime - this.mediaTime;
    const follows = this.isPlaying && this.mediaTime !== null && presentedFrames === this.frames + 1;
    if (follows && interval_s > 0.004 && interval_s < 0.2) this.frame_s += (interval_s - this.frame_s) * 0.2;
    this.frames = presentedFrames;
  }

  // Round again, or stop. The cursor waits for the frame: it never runs ahead of the picture.
  #turn() {
    if (this.video.seeking) return;
    if (this.loop && this.boundary_s === this.played.stop_s) {
      this.#seekVideo(this.map.toVideo(this.first_s));
      if (this.video.paused) this.play();
    } else {
      this.pause();
    }
  }
}

export class FreeClock extends Clock {
  constructor(clip) {
    super(clip);
    this.isPlaying = false;
    this.isWaiting = false;
    this.rate = 1;
    this.frame_s = 1 / 30;
    this.boundary_s = clip.stop_s;
  }

  play() {
    if (Math.abs(this.session_s - this.played.stop_s) < this.frame_s) this.restart();
    this.boundary_s = this.boundaryFrom(this.session_s);
    this.isPlaying = true;
    this.then_ms = performance.now();
    this.request = requestAnimationFrame(this.#frame);
    this.onState();
  }

  pause() {
    this.isPlaying = false;
    cancelAnimationFrame(this.request);
    this.onState();
  }

  seek(session_s) {
    const target_s = this.within(session_s);
    this.boundary_s = this.boundaryFrom(target_s);
    this.show(target_s);
  }

  step(frames) {
    this.pause();
    this.seek(this.session_s + frames * this.frame_s);
  }

  get first_s() {
    return this.played.start_s;
  }

  close() {
    this.pause();
  }

  #frame = (now_ms) => {
    const next_s = this.session_s + (Math.max(0, now_ms - this.then_ms) / 1000) * this.rate;
    this.then_ms = now_ms;
    if (next_s < this.boundary_s) this.show(next_s);
    else if (this.loop && this.boundary_s === this.played.stop_s) this.restart();
    else {
      this.show(this.boundary_s);
      this.pause();
      return;
    }
    if (this.isPlaying) this.request = requestAnimationFrame(this.#frame);
  };
}
