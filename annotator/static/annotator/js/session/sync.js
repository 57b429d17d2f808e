// The sync page: a frame of the video and a moment of the EEG, moved each by itself; pairs of them give the map.

import { VideoClock } from "../label/clock.js";
import { HAND, methodName, ppm } from "../label/syncwords.js";
import { TimeMap, clamp } from "../label/timemap.js";
import { fit, refusal, shifts_ms, signed } from "./clockfit.js";
import { stepFor } from "./keymap.js";
import { Points } from "./points.js";
import { eyeChannels } from "./presets.js";
import { openTraces } from "./traces.js";
import { openVideo } from "./viewer.js";
import { SAYS, SYNC } from "./strings.js";

const el = (id) => document.getElementById(id);
const RARE_DRIFT = 5e-4;
const EYES_GAIN_STEPS = -2; // blinks are ten times as high as the rest

export class SyncPage {
  constructor({ root, config, storage }) {
    this.root = root;
    this.config = config;
    this.now = new TimeMap(config.clock);
    this.eeg_s = clamp(this.now.toSession(0), 0, config.eeg_s);
    this.saved = JSON.stringify(config.points);
    this.traces = openTraces(config, { storage, onScrub: (session_s) => this.moveEeg(session_s) });
    this.traces.onChannels = (channels) => this.#channels(channels);
    this.points = new Points({
      body: el("points"), wrap: el("points-wrap"), empty: el("points-empty"), points: config.points,
      onChange: () => this.#changed(), onGo: ([video_s, eeg_s]) => this.#go(video_s, eeg_s),
    });
    this.#openVideo(config);
    this.#listen();
    this.traces.changeGain(EYES_GAIN_STEPS);
    this.moveEeg(this.eeg_s);
    this.#changed();
    root.dataset.state = "ready";
  }

  #openVideo({ video_url, video_s }) {
    const video = openVideo(el("stage"), video_url, (error) => {
      el("stage-note").hidden = false;
      el("stage-note").textContent = SAYS.failedVideo(error);
    });
    this.clock = new VideoClock({ start_s: 0, stop_s: video_s, context_start_s: 0, context_stop_s: video_s }, video, new TimeMap());
    this.clock.onTick = (at_s) => this.#videoMoved(at_s);
    el("stage").setAttribute("aria-valuemax", video_s.toFixed(3));
    el("video-range").max = String(video_s);
    el("pane").setAttribute("aria-valuemin", "0");
    el("pane").setAttribute("aria-valuemax", this.config.eeg_s.toFixed(3));
  }

  // ---- two streams

  get isTogether() {
    return el("together").checked;
  }

  get map() {
    return this.fitted ? new TimeMap(this.fitted) : this.now;
  }

  #videoMoved(at_s) {
    this.video_s = at_s;
    say("stage", "video-s", at_s, "video");
    if (document.activeElement !== el("video-range")) el("video-range").value = String(at_s);
    this.root.dataset.videoS = at_s.toFixed(4);
    if (this.isTogether) this.#showEeg(this.map.toSession(at_s));
  }

  moveVideo(to_s) {
    this.clock.seek(to_s);
  }

  moveEeg(to_s) {
    this.#showEeg(to_s);
    if (this.isTogether) this.clock.seek(this.map.toVideo(this.eeg_s));
  }

  #showEeg(to_s) {
    this.eeg_s = clamp(to_s, 0, this.config.eeg_s);
    this.traces.setCursor(this.eeg_s);
    say("pane", "eeg-s", this.eeg_s, "eeg");
    this.root.dataset.eegS = this.eeg_s.toFixed(4);
  }

  #stepVideo({ finest, seconds }) {
    if (finest) this.clock.step(finest);
    else this.moveVideo(this.video_s + seconds);
  }

  #stepEeg({ finest, seconds }) {
    const sample_s = 1 / (this.traces.raw?.sfreq ?? 128);
    this.moveEeg(this.eeg_s + (finest ? finest * sample_s : seconds));
  }

  #go(video_s, eeg_s) {
    el("together").checked = false;
    this.moveVideo(video_s);
    this.moveEeg(eeg_s);
  }

  pair() {
    if (this.clock.mediaTime === null || this.clock.video.seeking) return; // what is on screen is not yet what was asked for
    this.points.add(this.clock.mediaTime, this.eeg_s);
    el("say").textContent = SYNC.pointSet(this.clock.mediaTime.toFixed(3), this.eeg_s.toFixed(3));
  }

  // ---- what comes of the points

  #changed() {
    const { points } = this.points;
    const { limits, clock } = this.config;
    this.fitted = fit(points, limits);
    this.points.show(this.fitted?.errors_ms ?? []);
    showMap("now", clock);
    showMap("new", this.fitted);
    const isNew = JSON.stringify(points) !== this.saved;
    const why = isNew || points.length ? refusal(points, limits) : "";
    el("new-method").textContent = points.length ? methodName(HAND) : "–";
    el("sync-said").textContent = why || this.#consequence(isNew);
    el("sync-said").classList.toggle("is-refused", Boolean(why) && points.length > 0);
    el("save").disabled = Boolean(why) || !isNew;
    el("points-field").value = JSON.stringify(points);
  }

  #consequence(isNew) {
    if (!this.fitted) return SYNC.noPoint;
    if (!isNew) return SYNC.inForce;
    const [first, last] = shifts_ms(this.config.clock, this.fitted, this.config.video_s);
    return [SYNC.moves(signed(first, 0), signed(last, 0)), driftText(this.fitted)].filter(Boolean).join(" ");
  }

  // ---- hands

  #channels(channels) {
    this.known = channels;
    this.traces.channels.setChannels(channels);
    this.traces.channels.onChange = (hidden) => {
      el("preset").checked = false; // somebody chose other ones
      this.traces.pane.setHidden(hidden);
    };
    this.#preset();
  }

  #preset() {
    const shown = el("preset").checked ? new Set(eyeChannels(this.known)) : null;
    const hidden = shown ? this.known.map(({ name }) => name).filter((name) => !shown.has(name)) : this.traces.channels.hidden;
    this.traces.pane.setHidden(hidden);
  }

  #listen() {
    const steps = { stage: (step) => this.#stepVideo(step), pane: (step) => this.#stepEeg(step) };
    for (const [id, move] of Object.entries(steps)) el(id).addEventListener("keydown", (event) => this.#key(event, move));
    const clicks = {
      "video-back": () => this.clock.step(-1), "video-on": () => this.clock.step(1), pair: () => this.pair(),
      "eeg-back": () => this.#stepEeg({ finest: -1 }), "eeg-on": () => this.#stepEeg({ finest: 1 }),
      stage: () => el("stage").focus(), pane: () => el("pane").focus(),
    };
    for (const [id, act] of Object.entries(clicks)) el(id).addEventListener("click", act);
    el("preset").addEventListener("change", () => this.known && this.#preset());
    el("together").addEventListener("change", () => this.isTogether && this.moveEeg(this.map.toSession(this.video_s)));
    el("video-range").addEventListener("input", ({ target }) => this.moveVideo(Number(target.value)));
    onNumber("video-s", (seconds) => this.moveVideo(seconds));
    onNumber("eeg-s", (seconds) => this.moveEeg(seconds));
  }

  #key(event, move) {
    if (event.target !== event.currentTarget) return;
    const step = stepFor(event);
    if (step) move(step);
    else if (event.key === "Enter" && !event.repeat) this.pair();
    else if (event.key === "Home") move({ seconds: -Infinity });
    else if (event.key === "End") move({ seconds: Infinity });
    else return;
    event.preventDefault();
  }
}

function driftText({ isAffine, drift }) {
  if (!isAffine) return SYNC.keepsDrift;
  return Math.abs(drift) > RARE_DRIFT ? SYNC.rareDrift(ppm(drift)) : "";
}

function say(slider, field, seconds, stream) {
  el(slider).setAttribute("aria-valuenow", seconds.toFixed(3));
  el(slider).setAttribute("aria-valuetext", SYNC.at[stream](seconds.toFixed(3)));
  if (document.activeElement !== el(field)) el(field).value = seconds.toFixed(3);
}

function showMap(column, map) {
  el(`${column}-offset`).textContent = map ? `${map.offset_s.toFixed(3)} s` : "–";
  el(`${column}-drift`).textContent = map ? ppm(map.drift) : "–";
  el(`${column}-residual`).textContent = map ? residualText(map.residual_ms) : "–";
}

function residualText(residual_ms) {
  if (residual_ms === null) return SYNC.notMeasured;
  return residual_ms < 0.1 ? "< 0.1 ms" : `±${residual_ms.toFixed(1)} ms`;
}

// A number that is typed goes into force with Enter, or when the field is left.
function onNumber(id, act) {
  const commit = () => {
    const seconds = Number(el(id).value.replace(",", "."));
    if (Number.isFinite(seconds) && el(id).value.trim()) act(seconds);
  };
  el(id).addEventListener("change", commit);
}
