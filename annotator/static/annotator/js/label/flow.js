// The working day without the page: which clip, which answer, what is on its way to the server, what can be undone.
// No DOM here; `view` is told what to show, `storage` keeps what must survive a reload.

import { marksOf } from "./answers/asked.js";
import { DraftStore, emptyDraft, fitToScheme, isEmptyDraft, mergeDrafts, missingDimensions } from "./draft.js";
import { KeptList } from "./kept.js";
import { Leases } from "./leases.js";
import * as outbox from "./outbox.js";
import { pickCurrent, pickNext } from "./queue.js";
import { STRINGS } from "./strings.js";

const DRAFT_DELAY_MS = 1000; // with a second for its way the server's draft is never older than 2 s
const EMPTY_POLL_MS = 20_000;
const OFFLINE_POLL_MS = 5_000;
const MOST_UNDO = 10;
const UNDO_WINDOW_MS = 15 * 60_000; // what the server allows

export class Flow {
  constructor({ api, config, storage, view, now = () => Date.now(), newUuid = () => crypto.randomUUID() }) {
    Object.assign(this, { api, config, storage, view, now, newUuid });
    this.scheme = config.scheme;
    this.schemeVersion = config.scheme_version;
    this.refusedClip = null; // the first whose answer was to other questions than are asked now
    this.drafts = new DraftStore(storage, config.user_id);
    const kept = (name) => new KeptList(storage, `concord:${name}:${config.user_id}:${config.slug}`, () => view.message(STRINGS.keepsNothing, "warning"));
    this.kept = { outbox: kept("outbox"), undo: kept("undo") };
    this.box = outbox.revive(this.kept.outbox.read(), now());
    this.undoable = this.kept.undo.read();
    this.leases = new Leases({
      heartbeat: (clipId) => this.#reach(api.heartbeat(clipId)),
      isVisible: config.isVisible,
      isWanted: (task) => !this.box.some((entry) => entry.clip_id === task.clip_id),
      onLost: (task) => this.#lost(task),
    });
    this.held = [];
    this.progress = null; // until the server said
    this.onboarding = null; // where a newcomer stands
    this.current = null;
    this.draft = null;
    this.timers = {};
    this.isOnline = true;
    this.isSending = false;
    this.isSignedOut = false;
    this.spentSince_ms = null;
  }

  // ---- arriving

  async start() {
    this.drafts.prune(this.now());
    this.pump();
    if (this.config.clip_id) return this.openClip(this.config.clip_id);
    // what was held when the page was made is shown at once; the claim says whether it still is, and fills up
    const { worklist } = this.config;
    if (!worklist?.held.length) return this.claim();
    await this.view.foresee(pickCurrent(worklist.held, { pending: this.#pending }));
    this.apply(worklist);
    return new Promise((resolve) => this.view.soon(() => resolve(this.claim())));
  }

  async claim(options = {}) {
    try {
      this.apply(await this.#reach(this.api.claim()), options);
    } catch (error) {
      this.#arrivalFailed(error, () => this.claim(options));
    }
  }

  // The questions as they are now, with what still fits of the answer that was refused, else of the one under way.
  async reloadForm() {
    const currentId = this.refusedClip ?? this.current?.clip_id ?? null;
    this.refusedClip = null;
    this.view.clearMessage();
    await this.claim({ currentId, takesQuestions: true });
  }

  async openClip(clipId) {
    try {
      const task = await this.#reach(this.api.task(clipId));
      this.apply({ held: [task] });
      if (task.label) this.view.message(STRINGS.correcting, "info");
      else if (!canAnswer(task) && !this.config.example) this.view.message(STRINGS.notHeld, "info");
    } catch (error) {
      this.#arrivalFailed(error, () => this.openClip(clipId));
    }
  }

  // A worklist: what the server says is held. The clip on the page stays unless it has gone.
  apply(
    { held = [], progress = this.progress, scheme = this.scheme, scheme_version = this.schemeVersion, onboarding = this.onboarding },
    { currentId = this.current?.clip_id ?? null, takesQuestions = false } = {},
  ) {
    this.held = held;
    this.progress = progress;
    this.#takeQuestions(scheme, scheme_version, takesQuestions);
    this.onboarding = onboarding;
    this.#showBest(currentId);
    this.leases.hold(held);
  }

  // Other questions never come up under somebody's hands: an answer under way keeps its form until they ask for the new.
  #takeQuestions(scheme, version, isWanted) {
    if (version !== this.schemeVersion) {
      if (this.current && !isEmptyDraft(this.draft) && !isWanted) {
        this.view.message(STRINGS.questionsChanged, "warning", { offersForm: true });
        return;
      }
      this.current = null; // shown anew
    }
    this.scheme = scheme;
    this.schemeVersion = version;
  }

  #arrivalFailed(error, again) {
    if (this.current) return; // something to work on is on the page already
    if (error.status === 401) this.view.signedOut(this.box.length);
    if (error.status === 403 || error.status === 404) this.view.state("forbidden", { why: error.message });
    else this.view.state("failed", { why: error.message });
    if (outbox.verdict(error.status) === "retry") this.#later("arrive", OFFLINE_POLL_MS, again);
  }

  // ---- the clip on the page

  // Clips whose answers are on their way.
  get #pending() {
    return this.box.map((entry) => entry.clip_id);
  }

  #showBest(currentId) {
    const pending = this.#pending;
    const task = pickCurrent(this.held, { currentId, pending });
    this.next = pickNext(this.held, { currentId: task?.clip_id ?? null, pending });
    if (task) this.#show(task);
    else this.#showNothing();
    this.#showStatus();
  }

  #show(task) {
    clearTimeout(this.timers.poll);
    const isSame = this.current?.clip_id === task.clip_id;
    this.current = task;
    if (!isSame) {
      const kept = mergeDrafts(this.drafts.read(task.clip_id), task.draft) ?? { ...emptyDraft(this.newUuid()), ...given(task.label), ...exampleOf(this.config) };
      this.draft = fitToScheme(kept, this.scheme);
      this.isLost = false;
      this.spentSince_ms = this.now();
      this.savedAt = task.draft?.at ?? null;
      this.view.saved(isEmptyDraft(this.draft) ? "clean" : "saved");
      if (this.#isBehind() && canAnswer(task)) this.#saveSoon(); // this device has what the server lacks
    }
    this.view.task(task, { draft: this.draft, scheme: this.scheme, next: this.next, isSame, canAnswer: canAnswer(task) });
  }

  #showNothing() {
    this.current = null;
    this.draft = null;
    if (!this.box.length && this.onboarding) this.view.state("firstHourState", { onboarding: this.onboarding });
    else if (this.box.length) this.view.state("waiting", { nPending: this.box.length });
    else this.view.state("empty", { progress: this.progress });
    this.#later("poll", EMPTY_POLL_MS, () => this.claim());
  }

  // ---- answering

  change({ values = {}, ...fields }) {
    if (!this.draft) return;
    this.draft = { ...this.draft, ...fields, values: { ...this.draft.values, ...values }, asked: marksOf(this.scheme), at: this.now() }; // undefined: taken back
    this.#countSeconds();
    this.view.saved(this.drafts.write(this.current.clip_id, this.draft) ? "local" : "saving");
    this.#saveSoon();
  }

  // Not put off by the next change.
  #saveSoon() {
    if (!this.timers.draft) this.#later("draft", DRAFT_DELAY_MS, () => this.saveDraft());
  }

  // Whether the server lacks what was last changed here. The time that passes is no change: a device that was only left
  // open must not push its older draft over another device's newer one.
  #isBehind() {
    return Boolean(this.draft?.at) && this.draft.at !== this.savedAt && !isEmptyDraft(this.draft);
  }

  // One at a time, so that an older draft never arrives after a newer one; what came meanwhile goes right after.
  async saveDraft() {
    this.#dropDraftTimer();
    const { current: task, draft } = this;
    if (this.savingDraft || !task || !this.#isBehind()) return;
    this.view.saved("saving");
    this.savingDraft = this.#reach(this.api.saveDraft(task.clip_id, draft));
    const isSaved = await this.savingDraft.then(() => true, (error) => outbox.verdict(error.status) !== "retry" && null);
    this.savingDraft = null;
    const isSame = this.draft?.at === draft.at && this.draft.uuid === draft.uuid;
    if (isSaved && this.current?.clip_id === task.clip_id) this.savedAt = draft.at;
    if (isSame) this.view.saved(isSaved ? "saved" : "local"); // the submit carries the answer all the same
    if (isSaved === false) this.#later("draft", OFFLINE_POLL_MS, () => this.saveDraft());
    else if (!isSame) this.saveDraft();
  }

  #dropDraftTimer() {
    clearTimeout(this.timers.draft);
    delete this.timers.draft;
  }

  // What is still open, as a sentence; "" if the answer can go.
  openQuestion() {
    const missing = missingDimensions(this.draft, this.scheme);
    if (missing.length) return STRINGS.missing(missing.map((dimension) => dimension.title));
    return this.draft.confidence === null ? STRINGS.missingConfidence : "";
  }

  submit(answer = "label") {
    if (!this.current || !canAnswer(this.current)) return false;
    if (answer === "label" && this.openQuestion()) return false;
    this.#countSeconds();
    const { uuid, values, confidence, comment, seconds_spent } = this.draft;
    const isLabel = answer === "label";
    const body = { uuid, answer, values: isLabel ? values : {}, confidence: isLabel ? confidence : null, comment, seconds_spent: round(seconds_spent), scheme_version: this.schemeVersion };
    const { clip_id, label } = this.current;
    if (!label && !this.isPractice) this.#remember({ uuid, answer, task: this.current, draft: this.draft });
    this.#send(label ? { id: uuid, kind: "correct", clip_id, label_uuid: label.uuid, body } : { id: uuid, kind: "submit", clip_id, body });
    return true;
  }

  // A practice answer is told about, and stands.
  get isPractice() {
    return this.onboarding?.stage === "practice";
  }

  skip(reason, comment) {
    if (!this.current) return;
    this.#send({ id: this.newUuid(), kind: "skip", clip_id: this.current.clip_id, body: { reason, comment } });
    this.view.say(STRINGS.skipped);
  }

  #send(entry) {
    this.#dropDraftTimer();
    this.#keepBox(outbox.enqueue(this.box, entry, this.now()));
    this.current = null;
    this.#showBest(null);
    this.pump();
  }

  // ---- the outbox

  async pump() {
    const entry = this.isSending ? null : outbox.nextDue(this.box, this.now());
    if (!entry) return;
    this.isSending = true;
    this.#keepBox(outbox.markSending(this.box, entry.id));
    await this.savingDraft?.catch(() => {}); // a draft must not arrive after its answer
    try {
      const answer = await this.#reach(this.#post(entry));
      this.#arrived(entry, answer);
    } catch (error) {
      this.#refused(entry, error);
    }
    this.isSending = false;
    this.#showStatus();
    this.sent?.();
    this.pump();
  }

  #post(entry) {
    if (entry.kind === "skip") return this.api.skip(entry.clip_id, entry.body);
    return entry.kind === "correct" ? this.api.correct(entry.label_uuid, entry.body) : this.api.submit(entry.clip_id, entry.body);
  }

  #arrived(entry, answer) {
    if (this.isSignedOut) this.view.clearMessage();
    this.isSignedOut = false;
    this.#keepBox(outbox.remove(this.box, entry.id));
    this.drafts.remove(entry.clip_id);
    if (entry.kind === "correct") {
      this.#forget(entry.label_uuid);
      this.view.message(STRINGS.corrected, "success");
      this.held = [];
      this.claim();
      return;
    }
    if (entry.kind === "submit") this.#note(entry.id, { isSent: true, isLate: answer.label?.is_late ?? false, hasOpinion: Boolean(answer.has_opinion) });
    const wasPractice = this.isPractice;
    this.apply(answer);
    if (entry.kind === "submit" && wasPractice) this.view.practised(answer.feedback ?? null, this.onboarding);
    if (answer.label?.is_late) this.view.say(STRINGS.late);
  }

  #refused(entry, error) {
    const verdict = outbox.verdict(error.status, error.code);
    if (verdict === "rejected") {
      this.#keepBox(outbox.remove(this.box, entry.id));
      this.#forget(entry.id);
      if (error.code === "scheme_changed") return this.#refusedAsChanged(entry, error);
      this.view.message(STRINGS.rejected(error.message), "error");
      this.claim();
      return;
    }
    this.isSignedOut = verdict === "signed-out";
    this.#keepBox(outbox.retryLater(this.box, entry.id, this.now()));
    if (this.isSignedOut) this.view.signedOut(this.box.length);
    this.#later("pump", Math.max(0, this.box[0].due_ms - this.now()) + 20, () => this.pump());
  }

  // The clip comes back with the new questions: when somebody asks for it, at once where nothing else is on the page.
  async #refusedAsChanged(entry, error) {
    this.refusedClip ??= entry.clip_id;
    if (!this.current) await this.reloadForm();
    this.view.message(STRINGS.rejected(error.message), "error", { offersForm: this.refusedClip !== null });
  }

  #keepBox(box) {
    this.box = box;
    this.kept.outbox.write(box);
  }

  // ---- undo

  // The last answer, as long as it can be undone.
  get last() {
    const last = this.undoable.at(-1);
    return last && this.now() - last.at < UNDO_WINDOW_MS ? last : null;
  }

  async undo() {
    const { last } = this;
    if (!last) return this.view.say(STRINGS.undoNothing);
    if (last.opinion) return this.view.say(STRINGS.undoSeen);
    if (this.box.some((entry) => entry.id === last.uuid && entry.state === outbox.SENDING)) {
      await new Promise((resolve) => { this.sent = resolve; });
      this.sent = null;
    }
    if (this.box.some((entry) => entry.id === last.uuid)) return this.#undoHere(last);
    return this.#undoThere(last);
  }

  #undoHere(last) {
    this.#keepBox(outbox.remove(this.box, last.uuid));
    const held = [last.task, ...this.held.filter((task) => task.clip_id !== last.task.clip_id)];
    this.#bringBack(last, { held });
  }

  async #undoThere(last) {
    try {
      this.#bringBack(last, await this.#reach(this.api.undo(last.uuid)));
    } catch (error) {
      if (error.status === null) this.view.message(STRINGS.undoOffline, "warning");
      else this.view.message(STRINGS.undoFailed(error.message), "error");
      if (outbox.verdict(error.status) === "rejected") this.#forget(last.uuid);
    }
  }

  // A new uuid: the withdrawn label keeps the old one.
  #bringBack(last, worklist) {
    this.#forget(last.uuid);
    this.drafts.write(last.task.clip_id, { ...last.draft, uuid: this.newUuid(), at: this.now() });
    this.current = null;
    this.apply(worklist, { currentId: last.task.clip_id });
    this.view.say(STRINGS.undone);
  }

  // ---- the model's opinion, after one's own

  async askOpinion() {
    const { last } = this;
    if (!last?.isSent || !last.hasOpinion || last.opinion) return;
    try {
      const { probabilities } = await this.#reach(this.api.opinion(last.uuid));
      this.#note(last.uuid, { opinion: probabilities });
      this.#showStatus();
    } catch (error) {
      this.view.message(STRINGS.opinionFailed(error.message), "warning");
    }
  }

  // The last answer again, as the start of its correction; the clip that was on the page waits with its draft.
  async correctLast() {
    const { last } = this;
    if (!last?.isSent) return;
    this.saveDraft();
    try {
      this.apply({ held: [await this.#reach(this.api.task(last.task.clip_id))] });
      this.view.message(last.opinion ? STRINGS.correctingSeen : STRINGS.correcting, "info");
    } catch (error) {
      this.view.message(STRINGS.correctFailed(error.message), "warning");
    }
  }

  #remember(last) {
    this.undoable = [...this.undoable, { ...last, at: this.now() }].slice(-MOST_UNDO);
    this.kept.undo.write(this.undoable);
  }

  #note(uuid, fields) {
    this.undoable = this.undoable.map((last) => (last.uuid === uuid ? { ...last, ...fields } : last));
    this.kept.undo.write(this.undoable);
  }

  #forget(uuid) {
    this.undoable = this.undoable.filter((last) => last.uuid !== uuid);
    this.kept.undo.write(this.undoable);
  }

  // ---- leases

  #lost(task) {
    task.seconds_left = null; // nothing left to renew
    if (task.clip_id !== this.current?.clip_id) {
      this.claim();
      return;
    }
    this.isLost = true;
    this.view.leaseLost();
  }

  // From the lease-lost message: leave this clip and take what the queue offers.
  takeNext() {
    this.current = null;
    this.isLost = false;
    return this.claim();
  }

  // ---- time, network, storage

  becameVisible() {
    this.spentSince_ms = this.now();
    if (this.current) this.leases.beat();
    else this.claim();
    this.pump();
  }

  becameHidden() {
    this.#countSeconds();
    this.spentSince_ms = null;
    this.saveDraft();
  }

  networkReturned() {
    this.#keepBox(outbox.dueNow(this.box, this.now()));
    this.pump();
    this.saveDraft();
    if (this.current) this.leases.beat();
    else this.claim();
  }

  networkLost() {
    this.isOnline = false;
    this.#showStatus();
  }

  #countSeconds() {
    if (this.spentSince_ms === null || !this.draft) return;
    const now = this.now();
    this.draft = { ...this.draft, seconds_spent: this.draft.seconds_spent + (now - this.spentSince_ms) / 1000 };
    this.spentSince_ms = now;
  }

  // Every request goes through here: whether an answer came at all is what "online" means.
  async #reach(request) {
    try {
      const answer = await request;
      this.#setOnline(true);
      return answer;
    } catch (error) {
      this.#setOnline(error.status !== null);
      throw error;
    }
  }

  #setOnline(isOnline) {
    const cameBack = isOnline && !this.isOnline;
    this.isOnline = isOnline;
    if (cameBack) queueMicrotask(() => this.networkReturned());
    if (!isOnline) this.#later("ping", OFFLINE_POLL_MS, () => (this.current ? this.leases.beat() : this.claim()));
    this.#showStatus();
  }

  #showStatus() {
    this.view.status({
      progress: this.progress,
      nPending: this.box.length,
      isOnline: this.isOnline,
      isSending: this.isSending,
      last: this.last,
    });
  }

  #later(name, delay_ms, act) {
    clearTimeout(this.timers[name]);
    this.timers[name] = setTimeout(act, delay_ms);
  }
}

// A clip that is held, or one's own answer to correct.
function canAnswer(task) {
  return task.expires_at !== null || Boolean(task.label);
}

// One's stored answer, as the start of its correction.
function given(label) {
  return label ? { values: label.values, confidence: label.confidence, comment: label.comment } : {};
}

// On an example the right answer is filled in.
function exampleOf(config) {
  return config.example ? { values: config.example } : {};
}

function round(seconds) {
  return Math.round(seconds * 10) / 10;
}
