// The video's clock beside a video element that tells its frames only when the test says so.

import assert from "node:assert/strict";
import { afterEach, mock, test } from "node:test";

import { VideoClock } from "../../annotator/static/annotator/js/label/clock.js";

const CLIP = { start_s: 10, stop_s: 14, context_start_s: 0, context_stop_s: 30 };
const SAME = { toVideo: (s) => s, toSession: (s) => s };

class Video extends EventTarget {
  constructor(place_s) {
    super();
    Object.assign(this, { place_s, readyState: 4, paused: true, seeking: false, duration: 30, playbackRate: 1, seeks: [] });
  }

  get currentTime() {
    return this.place_s;
  }

  set currentTime(place_s) {
    this.place_s = place_s;
    this.seeks.push(place_s);
  }

  pause() {}

  requestVideoFrameCallback(heard) {
    this.heard = heard;
    return 1;
  }

  cancelVideoFrameCallback() {}

  present(mediaTime) {
    this.heard(0, { mediaTime, presentedFrames: 1 });
  }
}

function opened(place_s, more = {}) {
  mock.timers.enable({ apis: ["setTimeout"] });
  globalThis.document = { visibilityState: "visible" };
  const video = new Video(place_s);
  return { video, clock: new VideoClock(CLIP, video, SAME, more) };
}

afterEach(() => {
  mock.timers.reset();
  delete globalThis.document;
});

test("a frame that went on screen untold is asked for until it is told", () => {
  const { video, clock } = opened(10.03);
  video.present(0); // the first frame, shown before the seek to the clip
  assert.equal(clock.session_s, 0);
  video.seeks.length = 0;
  mock.timers.tick(400);
  assert.deepEqual(video.seeks, [10.03]);
  video.present(10.0333);
  mock.timers.tick(4000);
  assert.deepEqual(video.seeks, [10.03]);
  assert.equal(clock.session_s, 10.0333);
});

test("what a file shows on the way to its clip does not move the cursor; once the clip is there every frame does", () => {
  const { video, clock } = opened(10.03);
  const told = [];
  clock.onTick = (session_s) => told.push(session_s);
  video.seeking = true;
  video.present(0);
  assert.deepEqual([clock.session_s, clock.mediaTime, told], [10, null, []]);
  video.present(10.0333);
  video.place_s = 12;
  video.present(10.0666); // still on screen while it seeks
  assert.deepEqual([clock.mediaTime, told], [10.0666, [10.0333, 10.0666]]);
});

test("nothing is asked while a seek is under way, while it plays, or in a hidden tab", () => {
  const { video } = opened(10.03);
  video.present(0);
  video.seeks.length = 0;
  for (const state of [{ seeking: true }, { paused: false }, { readyState: 1 }]) {
    const before = Object.fromEntries(Object.keys(state).map((name) => [name, video[name]]));
    Object.assign(video, state);
    mock.timers.tick(2000);
    Object.assign(video, before);
  }
  document.visibilityState = "hidden";
  mock.timers.tick(2000);
  assert.deepEqual(video.seeks, []);
});

test("a long frame is not asked for without end, and anew after the next seek", () => {
  const { video, clock } = opened(12);
  video.present(11.5); // half a second is this video's one frame
  video.seeks.length = 0;
  mock.timers.tick(60_000);
  assert.ok(video.seeks.length > 0 && video.seeks.length <= 5);
  const nBefore = video.seeks.length;
  clock.seek(13);
  mock.timers.tick(400);
  assert.ok(video.seeks.length > nBefore + 1);
});

test("a closed clock asks no more", () => {
  const { video, clock } = opened(10.03);
  clock.close();
  video.seeks.length = 0;
  mock.timers.tick(4000);
  assert.deepEqual(video.seeks, []);
});

test("with its context a clip is played from before it begins until after it ends", () => {
  const { video, clock } = opened(12);
  video.present(12);
  clock.setContext(true);
  assert.equal(clock.session_s, 12); // what is on screen stays
  clock.restart();
  assert.ok(clock.session_s < 1);
  clock.setContext(false); // now outside of what is played
  assert.ok(clock.session_s > CLIP.start_s && clock.session_s < CLIP.start_s + 0.1);
});

test("a frame that was told before the clip came up counts", () => {
  const { clock, video } = opened(10.04, { heard_s: 10.0333 });
  assert.deepEqual([clock.mediaTime, clock.session_s, video.seeks], [10.0333, 10.0333, []]);
});

test("a frame that was told before the video went elsewhere does not", () => {
  const { clock, video } = opened(12, { heard_s: 10.0333 });
  assert.deepEqual([clock.mediaTime, video.seeks], [null, [12]]);
});
