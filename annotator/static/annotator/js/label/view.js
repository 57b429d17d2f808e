// What the page shows: the flow tells it, the person's hands reach the flow through it.

import { Traces } from "../eeg/traces.js";
import { answersOf, describe, questionsOf } from "./answers/values.js";
import { FreeClock, VideoClock } from "./clock.js";
import { Dialogs, disclose } from "./dialogs.js";
import { FaceView } from "./faceview.js";
import { FirstHour } from "./firsthour.js";
import { stateText } from "./firsthourwords.js";
import { AnswerForm } from "./form.js";
import { MediaShelf } from "./media.js";
import { progressOf } from "./queue.js";
import { SessionSide } from "./sessionside.js";
import { STRINGS } from "./strings.js";
import { syncSign, syncTitle } from "./syncwords.js";
import { TimeMap, boundsOf, firstSpan } from "./timemap.js";
import { Transport } from "./transport.js";
import { notices, whyRows } from "./whywords.js";

const LONGEST_WAIT_MS = 2000;
const LONGEST_BLANK_MS = 100;
const el = (id) => document.getElementById(id);

export class View {
  constructor({ root, api, storage, config }) {
    this.root = root;
    this.scheme = [];
    this.isSettled = false; // the clip on the page is on screen
    this.hasShown = false; // one has been, since the page was opened
    this.waiting = [];
    this.shelf = new MediaShelf({ api, stage: el("stage") });
    this.form = new AnswerForm({ root: el("answers"), note: el("note"), stage: el("stage"), onChange: (fields) => this.#changed(fields) });
    this.face = new FaceView({ stage: el("stage"), zoom: el("face-zoom"), hide: el("face-hide"), storage, words: STRINGS.face });
    this.transport = new Transport({ root: el("transport"), storage });
    this.seesSession = config.sees_session;
    this.traces = new Traces({
      storage, user: config.user_id, study: config.slug, onScrub: (s) => this.scrub(s),
      onTrouble: (error) => this.#paneNote(error ? STRINGS.tracesFailed(error.message) : "", { canRetry: Boolean(error) }),
      onTile: (tile) => this.side.setTile(tile), onShown: (tile, how) => this.side.setShown(tile, how), onHidden: () => this.side?.channelsChanged(), channelTool: (channel) => this.side.bad.tool(channel),
    });
    this.pane = this.traces.pane;
    this.side = new SessionSide({
      api, pane: this.pane, storage, seek: (s) => this.scrub(s), hidden: () => this.traces.channels.hidden, showBad: (names) => this.traces.setBad(names),
    });
    this.dialogs = new Dialogs({ skip: el("skip-dialog"), keys: el("keys-dialog"), onSkip: (reason, comment) => this.flow.skip(reason, comment) });
    const part = (name) => el(`feedback-${name}`);
    this.firstHour = new FirstHour({
      strip: el("first-hour"), dialog: part("dialog"),
      parts: { title: part("title"), missed: part("missed"), explanation: part("explanation"), end: part("end"), close: part("close") },
    });
    disclose(el("why-button"), el("why-panel"));
  }

  get hasClip() {
    return !el("bench-work").hidden;
  }

  // False on a clip that is only looked at.
  get canAnswer() {
    return !el("do-submit").disabled;
  }

  listen(flow) {
    this.flow = flow;
    const clicks = {
      "do-submit": () => this.submit("label"),
      "do-cant-tell": () => this.submit("cant_tell"),
      "do-bad-signal": () => this.submit("bad_signal"),
      "do-skip": () => this.openSkip(),
      "do-undo": () => this.undo(),
      "do-opinion": () => this.askOpinion(),
      "do-correct": () => flow.correctLast(),
      "state-undo": () => this.undo(),
      "press-interval": () => this.side.pressInterval(),
      "do-keys": () => this.dialogs.openKeys(),
      "pane-retry": () => this.traces.load(),
      "state-retry": () => flow.claim(),
      "message-next": () => flow.takeNext(),
      "message-form": () => flow.reloadForm(),
      "message-close": () => this.clearMessage(),
    };
    for (const [id, act] of Object.entries(clicks)) el(id).addEventListener("click", act);
  }

  // ---- a clip

  // Its traces are under way already: they and the clip come up in one drawing of the page, unless they take long.
  foresee(task) {
    if (!task) return null;
    const { eeg } = this.shelf.load(task, { isGlance: this.traces.isPlain });
    return Promise.race([eeg?.catch(() => {}), new Promise((resolve) => { setTimeout(resolve, LONGEST_BLANK_MS); })]);
  }

  task(task, { draft, scheme, next, isSame, canAnswer }) {
    this.scheme = scheme;
    this.form.build(scheme);
    this.firstHour.show(this.flow.onboarding);
    el("do-skip").hidden = this.flow.isPractice;
    if (!isSame) this.#open(task, { draft, canAnswer });
    this.next = next;
    this.soon(() => this.next && this.shelf.load(this.next));
    this.shelf.keepOnly([task.clip_id, next?.clip_id]);
  }

  #open(task, { draft, canAnswer }) {
    const wasAway = !this.hasClip;
    this.clearMessage();
    el("bench-state").hidden = true;
    el("bench-work").hidden = false;
    this.form.setEnabled(canAnswer);
    for (const id of ["do-submit", "do-skip", "do-cant-tell", "do-bad-signal"]) el(id).disabled = !canAnswer;
    this.form.setDraft(draft);
    this.#showFacts(task);
    this.#openMedia(task);
    Object.assign(this.root.dataset, { state: "ready", clipId: task.clip_id });
    this.#ready();
    if (wasAway || document.activeElement === document.body || this.form.root.contains(document.activeElement)) this.form.focusRow(0);
    else this.form.active = 0;
    if (this.transport.preferences.autoplay && !matchMedia("(prefers-reduced-motion: reduce)").matches) this.transport.clock.play();
  }

  #openMedia(task) {
    this.transport.clock?.close();
    this.isSettled = false;
    const media = this.shelf.load(task, { isGlance: !this.hasShown && this.traces.isPlain });
    this.shelf.show(task.clip_id);
    this.face.show(media.video, task.video?.face_place ?? null);
    const clock = media.video ? new VideoClock(task, media.video, new TimeMap(task.video), media) : new FreeClock(task);
    clock.onTick = (session_s) => this.#tick(session_s);
    this.transport.attach(clock);
    this.form.attach(task, clock);
    el("stage").classList.toggle("is-bare", !media.video);
    this.#stageNote(media.video ? "" : STRINGS.noVideo);
    media.video?.addEventListener("error", () => this.#stageNote(STRINGS.failedMedia(STRINGS.video, media.video.error?.message || "")));
    // what belongs to the clip before goes at once; on a page that has just been opened there is none
    this.side.setClip(task, (act) => (this.hasShown ? act() : this.soon(act)));
    this.#settle(task, this.#openEeg(task, media), this.shelf.arrived(media));
    this.#tick(clock.session_s);
  }

  async #openEeg(task, media) {
    this.#openTraces(task);
    if (!media.eeg) return this.#paneNote(STRINGS.noEeg);
    this.#paneNote(this.hasShown ? "" : STRINGS.loadingClip);
    try {
      const tile = await media.eeg;
      if (this.root.dataset.clipId !== String(task.clip_id)) return;
      this.#paneNote("");
      this.traces.take(media.stretch, tile);
      await this.pane.painted();
    } catch (error) {
      if (this.root.dataset.clipId !== String(task.clip_id)) return;
      this.#paneNote(STRINGS.failedMedia(STRINGS.eeg, error.message), { canRetry: true });
    }
  }

  // ---- the clip that comes up, and what can wait for it: the one after it, the claim, at first the marks

  // At once; while a clip comes up, as soon as it is on screen, or won't be for a while.
  soon(act) {
    if (this.isSettled) act();
    else this.waiting.push(act);
  }

  async #settle(task, ...arriving) {
    await Promise.race([Promise.all(arriving), new Promise((resolve) => { setTimeout(resolve, LONGEST_WAIT_MS); })]);
    if (this.root.dataset.clipId === String(task.clip_id)) this.#isAtLeisure();
  }

  #isAtLeisure() {
    this.isSettled = true;
    this.hasShown = true;
    for (const act of this.waiting.splice(0)) act();
  }

  // Annotators see the clip's context; whoever may read the session sees all of it.
  #openTraces(task) {
    const context = { start_s: task.context_start_s, stop_s: task.context_stop_s };
    const recorded = this.seesSession ? { start_s: task.session_start_s, stop_s: task.session_stop_s } : context;
    const { eeg } = task;
    this.traces.open({ clip: task, bounds: boundsOf(task, recorded), homeOf: (timebase) => firstSpan(task, timebase), keepsTimebase: true, recorded, url: eeg?.url ?? null, bad: Object.keys(eeg?.bad_channels ?? {}) });
  }

  #tick(session_s) {
    const { clock } = this.transport;
    this.traces.setCursor(session_s, { isPlaying: clock.isPlaying });
    this.side.setCursor(session_s);
    this.transport.showTime(session_s);
    this.root.dataset.sessionTime = session_s.toFixed(4);
    this.root.dataset.cursorS = session_s.toFixed(4);
    this.root.dataset.videoTime = clock.mediaTime === undefined || clock.mediaTime === null ? "" : clock.mediaTime.toFixed(4);
  }

  #showFacts(task) {
    el("why-facts").replaceChildren(...whyRows(task.why).flatMap(factOf));
    el("notices").replaceChildren(...notices(task.why).map(noticeOf));
    this.root.dataset.ask = task.why?.ask ?? "both";
    el("session-name").textContent = task.session;
    el("session-name").title = STRINGS.loadTime(task);
    const both = task.video && task.eeg;
    el("sync-state").textContent = both ? syncSign(task.video) : task.eeg ? STRINGS.syncOne.noVideo : STRINGS.syncOne.noEeg;
    el("sync-state").title = both ? syncTitle(task.video) : "";
  }

  // ---- hands

  submit(answer) {
    if (!this.canAnswer) return;
    if (answer === "label" && this.flow.openQuestion()) {
      this.message(this.flow.openQuestion(), "info");
      this.form.focusOpenRow();
      return;
    }
    if (this.flow.submit(answer)) this.say(STRINGS.submitted);
  }

  openSkip() {
    if (!el("do-skip").disabled && !el("do-skip").hidden) this.dialogs.openSkip();
  }

  askWhy() {
    el("why-button").click();
  }

  undo() {
    return this.flow.undo();
  }

  askOpinion() {
    return this.flow.askOpinion();
  }

  // After a practice answer.
  practised(feedback, standing) {
    this.firstHour.tell(feedback, standing);
  }

  scrub(session_s) {
    this.transport.clock.seek(session_s);
  }

  seekBy(seconds) {
    const { clock } = this.transport;
    clock.seek(clock.session_s + seconds);
  }

  #changed(fields) {
    this.flow.change(fields);
    this.#ready();
  }

  #ready() {
    const isOpen = Boolean(this.flow.draft && this.flow.openQuestion());
    el("do-submit").setAttribute("aria-disabled", String(isOpen));
    if (!isOpen && el("bench-message").dataset.level === "info") this.clearMessage();
  }

  // ---- states and signs

  state(name, { why = "", progress = null, nPending = 0, onboarding = null } = {}) {
    this.#isAtLeisure();
    if (onboarding) why = stateText(onboarding);
    this.firstHour.show(null);
    this.transport.clock?.close();
    this.shelf.keepOnly([]);
    el("bench-work").hidden = true;
    el("bench-state").hidden = false;
    Object.assign(this.root.dataset, { state: name, clipId: "" });
    const { title, text } = STRINGS[name];
    el("state-title").textContent = title;
    el("state-text").textContent = text(progress ?? (name === "waiting" ? nPending : why));
    el("state-icon").setAttribute("href", { empty: "#i-success", waiting: "#i-info" }[name] ?? "#i-warning");
    el("state-retry").hidden = name !== "failed";
    el("state-undo").hidden = !["empty", "waiting"].includes(name) || !this.flow.last;
    el("state-first-hour").hidden = !onboarding;
    el("state-study").hidden = name === "waiting";
    for (const id of ["sync-state", "saved-state"]) el(id).textContent = "";
  }

  status({ progress, nPending, isOnline, isSending, last }) {
    this.#day(progress, nPending);
    const net = isOnline ? (nPending && isSending ? "sending" : "online") : "offline";
    el("net-state").textContent = STRINGS.net[net] instanceof Function ? STRINGS.net[net](nPending) : STRINGS.net[net];
    Object.assign(el("net-state").dataset, { net, pending: nPending });
    this.#previous(last);
  }

  #day(progress, nPending) {
    const counts = Boolean(progress) && !this.flow.isPractice; // practice is no part of the day's work
    el("progress-bar").hidden = !counts;
    el("progress-text").hidden = !counts;
    if (!counts) return;
    const done = progressOf(progress, nPending);
    el("progress-text").textContent = this.hasClip ? STRINGS.progress(done) : STRINGS.progressDone(done);
    el("progress-bar").value = done.fraction;
  }

  saved(name) {
    el("saved-state").textContent = STRINGS.saved[name];
    el("saved-state").dataset.saved = name;
  }

  #previous(last) {
    el("do-undo").disabled = !last;
    el("do-undo").hidden = Boolean(last?.opinion);
    el("do-correct").hidden = !last?.opinion;
    el("do-opinion").hidden = !last?.isSent || !last.hasOpinion || Boolean(last.opinion);
    el("previous").dataset.sent = String(Boolean(last?.isSent));
    el("previous-text").textContent = last ? this.#previousText(last) : STRINGS.previous.none;
  }

  #previousText(last) {
    const parts = [STRINGS.previous.label, this.#answerText(last), `· ${last.isSent ? (last.isLate ? STRINGS.previous.late : STRINGS.previous.sent) : STRINGS.previous.kept}`];
    if (last.opinion) parts.push(`· ${STRINGS.previous.opinion} ${this.#opinionText(last.opinion)}`);
    return parts.join(" ");
  }

  #answerText({ answer, draft }) {
    if (answer !== "label") return STRINGS.answers[answer];
    return this.scheme.map((dimension) => describe(dimension, draft.values[dimension.key])).join(", ");
  }

  #opinionText(opinion) {
    return this.scheme.flatMap(questionsOf).filter(({ key }) => opinion[key]).map((dimension) => {
      const shares = opinion[dimension.key];
      const best = shares.indexOf(Math.max(...shares));
      const answer = answersOf(dimension)[best];
      return STRINGS.previous.share(answer?.word || answer?.value, shares[best]);
    }).join(", ");
  }

  leaseLost() {
    this.message(STRINGS.leaseLost, "warning", { offersNext: true });
    this.root.dataset.state = "lease-lost";
  }

  signedOut(nPending) {
    this.message(nPending ? STRINGS.signedOut(nPending) : STRINGS.signedOutNone, "warning", { offersSignIn: true });
  }

  message(text, level, { offersNext = false, offersSignIn = false, offersForm = false } = {}) {
    el("bench-message-text").textContent = text;
    el("bench-message-icon").setAttribute("href", `#i-${level}`);
    el("bench-message").dataset.level = level;
    el("message-next").hidden = !offersNext;
    el("message-sign-in").hidden = !offersSignIn;
    el("message-form").hidden = !offersForm;
    el("bench-message").hidden = false;
  }

  clearMessage() {
    el("bench-message").hidden = true;
    el("bench-message").dataset.level = "";
  }

  say(text) {
    el("say").textContent = text;
  }

  #stageNote(text) {
    el("stage-note").hidden = !text;
    el("stage-note").textContent = text;
  }

  #paneNote(text, { canRetry = false } = {}) {
    el("pane-note").hidden = !text;
    el("pane-note-text").textContent = text;
    el("pane-retry").hidden = !canRetry;
  }
}

function factOf({ name, value, note }) {
  const dd = Object.assign(document.createElement("dd"), { textContent: value });
  if (note) dd.append(Object.assign(document.createElement("span"), { className: "note", textContent: note }));
  return [Object.assign(document.createElement("dt"), { textContent: name }), dd];
}

function noticeOf(text) {
  const notice = el("notice-template").content.cloneNode(true);
  notice.querySelector("p").textContent = text;
  return notice;
}
