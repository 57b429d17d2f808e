// A server in memory and a page without a DOM, for tests of the flow.
import assert from "node:assert/strict";

import { Flow } from "../../annotator/static/annotator/js/label/flow.js";
import { MemoryStorage } from "./support.mjs";

export const SCHEME = [{ key: "valence", title: "Valence", kind: "class", classes: ["unpleasant", "neutral", "pleasant"], levels: 0 }];

// A server in memory that keeps the HTTP contract's promises: idempotent submits, two clips held, undo.
export class Server {
  constructor(nClips = 3) {
    this.clips = Array.from({ length: nClips }, (_, i) => i + 1);
    this.labels = new Map();
    this.isDown = false;
    this.refusal = null;
    this.loseAnswers = false;
    this.hasOpinion = true;
    this.feedback = null;
    this.onboarding = null;
    this.seen = [];
    this.drafts = new Map();
    this.scheme = SCHEME;
    this.version = "v1";
  }

  worklist() {
    const answered = [...this.labels.values()].map((label) => label.clip_id);
    const held = this.clips.filter((id) => !answered.includes(id)).slice(0, 2);
    return {
      held: held.map((clip_id) => ({ clip_id, expires_at: "later", seconds_left: 300, draft: null })),
      progress: { labelled_today: this.labels.size, labelled_total: this.labels.size, open_clips: this.clips.length - this.labels.size, held: held.length },
      scheme: this.scheme,
      scheme_version: this.version,
      onboarding: this.onboarding,
    };
  }

  async answer(act) {
    await Promise.resolve();
    if (this.isDown) throw Object.assign(new Error("The server does not answer."), { status: null });
    if (this.refusal) throw Object.assign(new Error(this.refusal.message), this.refusal);
    const said = act();
    if (this.loseAnswers) throw Object.assign(new Error("The server does not answer."), { status: null });
    return said;
  }

  claim = () => this.answer(() => this.worklist());
  saveDraft = (clip_id, draft) => this.answer(() => { this.drafts.set(clip_id, draft); });
  heartbeat = () => this.answer(() => ({ expires_at: "later", seconds_left: 300 }));
  submit = (clip_id, body) => this.answer(() => {
    if (body.answer === "label" && body.scheme_version !== this.version) {
      throw Object.assign(new Error("The questions have changed."), { status: 409, code: "scheme_changed" });
    }
    this.labels.set(body.uuid, { clip_id, ...body });
    return { ...this.worklist(), label: { uuid: body.uuid, is_late: false, is_extra: false }, has_opinion: this.hasOpinion, feedback: this.feedback };
  });
  task = (clip_id) => this.answer(() => {
    const [label] = [...this.labels.values()].filter((one) => one.clip_id === clip_id);
    return { clip_id, expires_at: null, seconds_left: null, draft: null, label };
  });
  correct = (uuid, body) => this.answer(() => {
    this.labels.set(body.uuid, { ...this.labels.get(uuid), ...body });
    this.labels.delete(uuid);
    return { uuid: body.uuid };
  });
  opinion = (uuid) => this.answer(() => {
    this.seen.push(uuid);
    return { probabilities: { valence: [0.1, 0.2, 0.7] }, seen_at: "now" };
  });
  undo = (uuid) => this.answer(() => {
    this.labels.delete(uuid);
    return this.worklist();
  });
}

export function page(t, server, storage = new MemoryStorage(), more = {}) {
  const seen = { states: [], messages: [], tasks: [], practised: [], said: [] };
  const view = {
    soon: (act) => act(),
    foresee: () => null,
    task: (task) => seen.tasks.push(task.clip_id),
    state: (name) => seen.states.push(name),
    message: (text, level, offers = {}) => { seen.messages.push(text); seen.offers = offers; },
    status: (status) => { seen.status = status; },
    practised: (...told) => seen.practised.push(told),
    saved: (name) => { seen.saved = name; }, say: (text) => seen.said.push(text), leaseLost: () => { seen.isLost = true; }, signedOut: () => { seen.isSignedOut = true; }, clearMessage: () => {},
  };
  let uuids = 0;
  const prefix = Math.random().toString(36).slice(2);
  const config = { slug: "demo", scheme: SCHEME, scheme_version: "v1", user_id: 1, isVisible: () => true, ...more };
  const flow = new Flow({ api: server, config, storage, view, newUuid: () => `${prefix}-${(uuids += 1)}` });
  t.after(() => [flow.leases.timer, ...Object.values(flow.timers)].forEach(clearTimeout));
  return { flow, seen, storage, view };
}

export async function settled(flow) {
  for (let i = 0; i < 50; i += 1) await Promise.resolve();
  assert.equal(flow.isSending, false);
}

export const answer = (flow, value = 2) => flow.change({ values: { valence: value }, confidence: 3 });
