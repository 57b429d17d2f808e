// The media of held clips: a video element and an EEG tile for each, loaded before they are needed and dropped when the clip has gone.

import { parseTile } from "./tiles.js";
import { TimeMap } from "./timemap.js";

// just under one frame at 30 a second: the first frame that begins within the clip (see clock.js)
const FIRST_FRAME_S = 0.98 / 30;

export class MediaShelf {
  constructor({ api, stage }) {
    this.api = api;
    this.stage = stage;
    this.held = new Map();
  }

  // Starts loading; a second call for the same clip returns what the first began. isGlance: its traces' extremes, which are here sooner.
  load(task, { isGlance = false } = {}) {
    let media = this.held.get(task.clip_id);
    if (!media) {
      media = { video: task.video ? this.#video(task) : null, eeg: null, heard_s: null };
      this.held.set(task.clip_id, media);
      this.#hear(media);
    }
    if (task.eeg && !media.eeg) this.#loadEeg(media, isGlance ? task.eeg.glance : task.eeg.first);
    return media;
  }

  // Once a frame of the clip's video has come, or none will.
  arrived({ video, heard_s }) {
    if (!video || heard_s !== null) return Promise.resolve();
    return new Promise((resolve) => {
      video.requestVideoFrameCallback(() => resolve());
      video.addEventListener("error", () => resolve(), { once: true });
    });
  }

  keepOnly(clipIds) {
    for (const clipId of [...this.held.keys()].filter((id) => !clipIds.includes(id))) this.drop(clipId);
  }

  drop(clipId) {
    const media = this.held.get(clipId);
    this.held.delete(clipId);
    if (!media?.video) return;
    media.video.removeAttribute("src");
    media.video.load(); // lets go of the connection and the decoder
    media.video.remove();
  }

  show(clipId) {
    for (const [id, { video }] of this.held) {
      if (video) video.classList.toggle("is-shown", id === clipId);
    }
  }

  #video(task) {
    const video = document.createElement("video");
    Object.assign(video, { muted: true, playsInline: true, preload: "auto", disablePictureInPicture: true, src: task.video.url });
    video.dataset.clipId = task.clip_id;
    video.dataset.testid = "video";
    const first_s = Math.max(0, new TimeMap(task.video).toVideo(task.start_s)) + FIRST_FRAME_S;
    // set before anything is known, this is where the video starts; the listener is for browsers that forget it
    video.currentTime = first_s;
    video.addEventListener("loadedmetadata", () => {
      if (video.currentTime < 0.001) video.currentTime = first_s;
    }, { once: true });
    this.stage.append(video);
    return video;
  }

  // Which frame a video has come to, video time: a browser tells it once, and that may be before its clip comes up.
  #hear(media) {
    media.video?.requestVideoFrameCallback((_now, { mediaTime }) => {
      media.heard_s = mediaTime;
      this.#hear(media);
    });
  }

  #loadEeg(media, stretch) {
    const tile = this.api.tile(stretch.url).then(parseTile);
    Object.assign(media, { stretch, eeg: tile });
    tile.catch(() => {
      // a prefetch that failed is tried again when its clip comes up; whoever awaits this one shows the reason
      if (media.eeg === tile) media.eeg = null;
    });
  }
}
