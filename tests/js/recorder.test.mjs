import assert from "node:assert/strict";
import { test } from "node:test";

import { COUNTDOWN_MS, coverageOf, firstGap, stretchesOf, TraceRecorder } from "../../annotator/static/annotator/js/label/answers/recorder.js";
import { edgesOf, resampleHeld } from "../../annotator/static/annotator/js/label/answers/resample.js";
import { piecesOf, scaleOf } from "../../annotator/static/annotator/js/label/answers/tracecurve.js";

const SPAN = { start_s: 10, stop_s: 15 };
const BOUNDS = { low: -1, high: 1 };

// A player and a hand: 25 frames a second, and a wall clock that runs on whatever the player does.
class Scene {
  constructor({ bounds = BOUNDS, kept = null, video_s = SPAN.start_s } = {}) {
    this.recorder = new TraceRecorder({ clock: "video", span: SPAN, bounds, kept });
    Object.assign(this, { video_s, wall_ms: 1_000_000, isPlaying: false, isStalled: false, wishes: [] });
  }

  get now() {
    return { video_s: this.video_s, wall_ms: this.wall_ms };
  }

  begin(from_s = this.video_s) {
    this.video_s = from_s;
    this.recorder.begin(from_s, this.wall_ms);
    return this;
  }

  // Frames go by; the player does as it is told.
  run(seconds, { moves = null } = {}) {
    for (let i = 0; i < Math.round(seconds * 25); i += 1) {
      this.wall_ms += 40;
      if (this.isPlaying && !this.isStalled) this.video_s = Math.min(SPAN.stop_s, Math.round((this.video_s + 0.04) * 1e4) / 1e4);
      if (moves) this.recorder.move(moves(this.video_s), "m", this.now);
      const wish = this.recorder.tick({ ...this.now, isPlaying: this.isPlaying, isStalled: this.isStalled });
      if (wish) this.wishes.push(wish);
      if (wish === "play") this.isPlaying = true;
      if (wish) this.isPlaying = wish === "play";
    }
    return this;
  }
}

test("three seconds are counted down, then it plays to the clip's end and ends by itself", () => {
  const scene = new Scene().begin();
  assert.deepEqual([0, 1000, 2500, 2999].map((ms) => scene.recorder.secondsLeft(scene.wall_ms + ms)), [3, 2, 1, 1]);
  scene.run(2.9);
  assert.deepEqual([scene.recorder.state, scene.wishes, scene.video_s], ["countdown", [], 10]);
  scene.run(6);
  assert.deepEqual([scene.recorder.state, scene.wishes], ["idle", ["play", "end"]]);
  assert.ok(scene.recorder.coverage > 0.98, `${scene.recorder.coverage}`);
  const { clock, began_ms, events, superseded } = scene.recorder.recording();
  assert.deepEqual([clock, superseded, events.device, events.wall_ms[0]], ["video", [], "be", 0]);
  assert.ok(began_ms >= 1_000_000 + COUNTDOWN_MS);
});

test("events are kept as they came, with device, video time and wall time; a hand that rests makes none", () => {
  const scene = new Scene().begin().run(4);
  scene.recorder.move(0.5, "m", scene.now);
  scene.recorder.move(0.5, "m", scene.now);
  scene.run(0.4);
  scene.recorder.move(0.25, "w", scene.now);
  scene.recorder.move(7, "k", scene.now);
  const { events } = scene.recorder.recording();
  assert.equal(events.device, "bmwke");
  assert.deepEqual(events.value, [0, 0.5, 0.25, 1, 1]);
  assert.ok(Math.abs(events.video_s[2] - events.video_s[1] - 0.4) < 1e-9);
  assert.equal(events.wall_ms[2] - events.wall_ms[1], 400);
});

test("the hand in the countdown only sets where it begins", () => {
  const scene = new Scene().begin().run(1);
  scene.recorder.move(-0.75, "m", scene.now);
  scene.run(2.5);
  assert.deepEqual([scene.recorder.events.device, scene.recorder.events.value], ["b", [-0.75]]);
});

test("without bounds a value goes as far as it is led", () => {
  const scene = new Scene({ bounds: null }).begin().run(3.5);
  for (const value of [1, 2, 40]) scene.recorder.move(value, "k", scene.now);
  assert.deepEqual(scene.recorder.events.value, [0, 1, 2, 40]);
});

test("leaving the window pauses, coming back counts down again, and what was not seen is a gap", () => {
  const scene = new Scene().begin().run(4);
  const left_s = scene.video_s;
  assert.equal(scene.recorder.interrupt("blur", scene.wall_ms), "pause");
  scene.isPlaying = false;
  scene.run(2);
  assert.deepEqual([scene.recorder.state, scene.recorder.reason], ["interrupted", "blur"]);
  scene.video_s += 0.5; // the player drifted on a little before it stood
  scene.recorder.resume(scene.wall_ms);
  scene.run(1);
  assert.equal(scene.recorder.state, "countdown");
  scene.run(7);
  assert.equal(scene.recorder.state, "idle");
  const stretches = stretchesOf(scene.recorder.events);
  assert.equal(stretches.length, 2);
  assert.ok(Math.abs(stretches[0][1] - left_s) < 0.05);
  assert.ok(stretches[1][0] >= left_s + 0.5);
  const values = resampleHeld(scene.recorder.events, edgesOf(SPAN, 50));
  assert.ok(values.some(Number.isNaN));
});

test("a stall pauses and goes on by itself once frames come", () => {
  const scene = new Scene().begin().run(4);
  scene.isStalled = true;
  scene.run(0.2);
  assert.deepEqual([scene.recorder.state, scene.recorder.reason, scene.wishes], ["interrupted", "stall", ["play", "pause"]]);
  scene.isStalled = false;
  scene.run(0.2);
  assert.equal(scene.recorder.state, "countdown");
  scene.run(8);
  assert.equal(scene.recorder.state, "idle");
});

test("a frame that stays is a stall though the browser says that it plays", () => {
  const scene = new Scene().begin().run(4);
  for (let i = 0; i < 20; i += 1) {
    scene.wall_ms += 40;
    scene.recorder.tick({ ...scene.now, isPlaying: true, isStalled: false });
  }
  assert.notEqual(scene.recorder.state, "recording");
  assert.equal(scene.recorder.events.device.at(-1), "e");
});

test("a pause by other hands pauses; a seek ends it", () => {
  const paused = new Scene().begin().run(4);
  paused.isPlaying = false;
  paused.run(0.1);
  assert.deepEqual([paused.recorder.state, paused.recorder.reason], ["interrupted", "pause"]);
  const sought = new Scene().begin().run(4);
  sought.video_s = 10.1;
  sought.run(0.04);
  assert.deepEqual([sought.recorder.state, sought.recorder.events.device], ["idle", "be"]);
});

test("recording again from a moment keeps what was before it, and what was after it apart", () => {
  const first = new Scene().begin().run(9, { moves: (s) => (s - 12.5) / 2.5 });
  const kept = first.recorder.recording();
  const n = kept.events.device.length;
  const again = new Scene({ kept, video_s: 12 });
  again.wall_ms = first.wall_ms + 5000;
  again.begin(12);
  const { events, superseded } = again.recorder;
  assert.equal(events.device.at(-1), "e");
  assert.ok(events.video_s.every((time) => time <= 12));
  assert.equal(superseded.length, 1);
  assert.equal(superseded[0].device.length + events.device.length, n + 1); // the mark where it was cut
  assert.ok(superseded[0].video_s.every((time) => time > 12));
  again.run(8, { moves: () => 1 });
  const whole = again.recorder.recording();
  assert.ok(whole.coverage > 0.95, `${whole.coverage}`);
  assert.ok(whole.events.video_s.every((time, i, all) => i === 0 || time >= all[i - 1]));
  assert.ok(whole.events.wall_ms.every((time, i, all) => i === 0 || time >= all[i - 1]));
  assert.equal(whole.events.value.at(-1), 1);
  assert.deepEqual(whole.superseded[0], superseded[0]);
});

test("from before the start everything is recorded again", () => {
  const kept = new Scene().begin().run(9).recorder.recording();
  const again = new Scene({ kept }).begin(-1);
  assert.deepEqual([again.recorder.events.device, again.recorder.superseded.length], ["", 1]);
});

test("what runs is kept as if it ended now", () => {
  const scene = new Scene().begin().run(5);
  const kept = scene.recorder.recording();
  assert.equal(kept.events.device, "be");
  assert.ok(kept.coverage > 0.3 && kept.coverage < 0.45);
  assert.equal(scene.recorder.state, "recording");
  assert.equal(scene.recorder.events.device, "b");
});

test("stopped in the countdown nothing was recorded", () => {
  const scene = new Scene().begin().run(1);
  assert.equal(scene.recorder.stop(scene.wall_ms), "end");
  assert.deepEqual([scene.recorder.events.device, scene.recorder.coverage], ["", 0]);
});

test("coverage and the place to go on from", () => {
  const events = { video_s: [10, 11, 13, 15], wall_ms: [0, 1, 2, 3], value: [0, 0, 0, 0], device: "bebe" };
  assert.equal(coverageOf(events, SPAN), 0.6);
  assert.equal(coverageOf(events, { start_s: 10.5, stop_s: 14 }), Number((1.5 / 3.5).toFixed(4)));
  assert.equal(firstGap(events, SPAN), 11);
  assert.equal(firstGap({ ...events, video_s: [10, 12.9, 13, 15] }, SPAN), null);
  assert.equal(firstGap({ ...events, video_s: [12, 13, 13, 15] }, SPAN), 10);
});

test("resampling: the mean of what stood, NaN where less than half was seen", () => {
  const events = { video_s: [0, 0.5, 1.25, 3, 4], wall_ms: [0, 1, 2, 3, 4], value: [0, 1, -1, 2, 2], device: "bmebe" };
  assert.deepEqual(resampleHeld(events, [0, 1, 2, 3, 4]), [0.5, NaN, NaN, 2]);
  assert.deepEqual(resampleHeld(events, [0.25, 1.25]), [0.75]);
  assert.deepEqual(resampleHeld({ video_s: [], wall_ms: [], value: [], device: "" }, [0, 1]), [NaN]);
});

test("a curve is drawn in pieces, on the scale of its bounds or as far as it went", () => {
  assert.deepEqual(piecesOf([NaN, 1, 2, NaN, 3]), [[[1, 1], [2, 2]], [[4, 3]]]);
  assert.deepEqual(scaleOf([40, NaN], null), { low: -40, high: 40 });
  assert.deepEqual(scaleOf([1], null), { low: -5, high: 5 });
  assert.equal(scaleOf([1], BOUNDS), BOUNDS);
});
