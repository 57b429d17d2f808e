// Where a clip plays, for whoever records over it: its clock, its span on that clock, and the stage that it is shown on.

import { TimeMap } from "../timemap.js";

const NO_MAP = new TimeMap();

export class PlaySession {
  constructor(stage) {
    this.stage = stage;
    this.clock = null;
  }

  attach(clip, clock) {
    Object.assign(this, { clip, clock, map: clock.map ?? NO_MAP });
  }

  get isReady() {
    return this.clock !== null;
  }

  // of the times of events: the video's own, or the session's where there is none
  get clockName() {
    return this.clock.map ? "video" : "session";
  }

  // The clip on that clock, without what lies before the video's first frame or after its last.
  get span() {
    const [start_s, stop_s] = [this.map.toVideo(this.clip.start_s), this.map.toVideo(this.clip.stop_s)];
    const { video } = this.clock;
    if (!video) return { start_s, stop_s };
    return { start_s: Math.max(0, start_s), stop_s: Number.isFinite(video.duration) ? Math.min(stop_s, video.duration) : stop_s };
  }

  // of the frame on screen
  get time_s() {
    return this.map.toVideo(this.clock.session_s);
  }

  get now() {
    return { video_s: this.time_s, wall_ms: performance.timeOrigin + performance.now() };
  }

  get isEnded() {
    return Boolean(this.clock.video?.ended);
  }

  seek(time_s) {
    if (time_s === null) this.clock.restart();
    else this.clock.seek(this.map.toSession(time_s));
  }
}
