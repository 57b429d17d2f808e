// A question that is answered while the clip plays: its curve, how much of the clip it covers, and the buttons that record it.

import { attributes, button, make, rowFrame } from "./dom.js";
import { coverageOf, firstGap, TraceRecorder } from "./recorder.js";
import { drawCurve } from "./tracecurve.js";
import { TraceStage } from "./tracestage.js";
import { FULL_COVERAGE, boundsOf, isKept } from "./values.js";
import { WORDS } from "./words.js";

const CHECKPOINT_MS = 2000;

export class TraceRow {
  // session: where the clip plays (see session.js)
  constructor({ dimension, session, onAnswer }) {
    Object.assign(this, { key: dimension.key, dimension, session, onAnswer });
    Object.assign(this, rowFrame({ key: dimension.key, title: dimension.title, look: "trace", role: "group" }));
    this.status = attributes(make("span", "trace-status"), { "data-testid": `${this.key}-status`, role: "status" });
    this.heading.append(this.status);
    this.curve = attributes(make("canvas", "trace-curve"), { role: "img", "data-testid": `${this.key}-curve` });
    this.main = attributes(button("btn small", WORDS.record), { "data-testid": `${this.key}-record` });
    this.again = attributes(button("btn small quiet", WORDS.recordAgain), { "data-testid": `${this.key}-again` });
    this.gaps = make("label", "check trace-gaps");
    this.accept = attributes(make("input", "", { type: "checkbox" }), { "data-testid": `${this.key}-gaps` });
    this.gaps.append(this.accept, WORDS.acceptGaps);
    this.group.append(this.curve, this.main, this.again, this.gaps);
    this.main.addEventListener("click", () => this.#record(this.#placeToGoOn()));
    this.again.addEventListener("click", () => this.#record(this.#cursor()));
    this.accept.addEventListener("change", () => this.#answer({ ...this.value, accepts_gaps: this.accept.checked }));
    new ResizeObserver(() => this.#draw()).observe(this.curve);
    this.show(undefined);
  }

  get isOpen() {
    return !this.value || !(isKept(this.value) || this.isWhole || this.value.accepts_gaps);
  }

  get isWhole() {
    return this.value?.coverage >= FULL_COVERAGE;
  }

  get stop() {
    return this.main.hidden ? this.again : this.main;
  }

  show(value) {
    this.leave();
    this.value = value;
    const hasEvents = Boolean(value?.events?.device);
    const isWhole = this.isWhole || isKept(value);
    this.main.textContent = hasEvents ? WORDS.goOn : WORDS.record;
    this.main.hidden = isWhole;
    this.again.hidden = !hasEvents && !isKept(value);
    this.again.textContent = isKept(value) ? WORDS.recordWhole : WORDS.recordAgain;
    this.gaps.hidden = !hasEvents || isWhole;
    this.accept.checked = Boolean(value?.accepts_gaps);
    this.status.textContent = this.#said(value, hasEvents);
    attributes(this.curve, { "aria-label": WORDS.curve(this.dimension.title, value?.coverage ?? 0), "data-coverage": value?.coverage ?? 0 });
    this.#draw();
  }

  // Another clip comes, or the page goes: what was recorded so far is kept.
  leave() {
    this.stage?.leave();
    this.stage = null;
  }

  digit() {}

  change() {}

  #said(value, hasEvents) {
    if (isKept(value)) return WORDS.stored(value.coverage);
    if (!hasEvents) return WORDS.notRecorded;
    return this.isWhole || value.accepts_gaps ? WORDS.covered(value.coverage) : WORDS.gaps(value.coverage);
  }

  #placeToGoOn() {
    return this.value?.events ? firstGap(this.value.events, this.session.span) : null;
  }

  // The moment on screen; at the clip's end, or outside it, its start.
  #cursor() {
    const { span, time_s } = this.session;
    return isKept(this.value) || time_s < span.start_s || time_s > span.stop_s - 0.3 ? null : time_s;
  }

  // from_s: on the events' clock; null is the clip's start
  #record(from_s) {
    if (!this.session.isReady) return;
    const { dimension, session } = this;
    const kept = this.value?.events ? { ...this.value, coverage: coverageOf(this.value.events, session.span) } : null;
    const recorder = new TraceRecorder({ clock: session.clockName, span: session.span, bounds: boundsOf(dimension), kept });
    this.leave();
    this.element.classList.add("is-recording");
    this.stage = new TraceStage({
      dimension, session, recorder, checkpoint_ms: CHECKPOINT_MS,
      onKeep: () => this.#keep(recorder),
      onEnd: () => this.#ended(recorder),
    });
    this.stage.start(from_s);
  }

  // While it runs: the answer so far, so that a tab that dies loses two seconds at most.
  #keep(recorder) {
    this.value = recorder.recording();
    this.onAnswer(this.value, { movesOn: false });
  }

  #ended(recorder) {
    this.stage = null;
    this.element.classList.remove("is-recording");
    if (!recorder.events.device) return this.show(this.value);
    return this.#answer(recorder.recording(), { movesOn: recorder.coverage >= FULL_COVERAGE });
  }

  #answer(value, { movesOn = false } = {}) {
    this.show(value);
    this.onAnswer(value, { movesOn });
    if (!movesOn) this.stop.focus({ preventScroll: true });
  }

  #draw() {
    if (this.session.isReady) drawCurve(this.curve, { events: this.value?.events, span: this.session.span, bounds: boundsOf(this.dimension) });
  }
}
