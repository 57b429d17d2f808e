// An unfinished answer: kept locally at once, on the server soon; after a reload the newer of the two wins.

import { isAskedAlike, marksOf } from "./answers/asked.js";
import { fits, isWhole } from "./answers/values.js";

export function emptyDraft(uuid) {
  return { uuid, values: {}, confidence: null, comment: "", seconds_spent: 0, at: 0 };
}

export function isDraft(value) {
  return Boolean(value) && typeof value === "object" && typeof value.uuid === "string" && typeof value.values === "object";
}

// Both may be missing or broken; equal times: the local one, which never lost anything on the way.
export function mergeDrafts(local, server) {
  const candidates = [local, server].filter(isDraft);
  if (candidates.length === 0) return null;
  return candidates.reduce((best, draft) => ((draft.at ?? 0) > (best.at ?? 0) ? draft : best));
}

export function isEmptyDraft(draft) {
  return Object.values(draft.values).every((value) => value === undefined) && draft.confidence === null && draft.comment.trim() === "";
}

// Only answers to questions that the study's scheme still asks: it may have changed since the draft was kept.
export function fitToScheme(draft, scheme) {
  const values = {};
  for (const dimension of scheme) {
    const value = draft.values[dimension.key];
    if (fits(dimension, value) && isAskedAlike(draft.asked, dimension)) values[dimension.key] = value;
  }
  const asked = draft.asked ? { asked: marksOf(scheme) } : {};
  const confidence = [1, 2, 3].includes(draft.confidence) ? draft.confidence : null;
  return { ...emptyDraft(draft.uuid), ...draft, ...asked, values, confidence, comment: String(draft.comment ?? "") };
}

export function missingDimensions(draft, scheme) {
  return scheme.filter((dimension) => !isWhole(dimension, draft.values[dimension.key]));
}

export const DRAFT_PREFIX = "concord:draft:";

// localStorage behind the few calls that a draft needs; storage that is off or full only loses the local copy.
export class DraftStore {
  constructor(storage, user) {
    this.storage = storage;
    this.prefix = `${DRAFT_PREFIX}${user}:`;
  }

  read(clipId) {
    try {
      const draft = JSON.parse(this.storage.getItem(this.prefix + clipId));
      return isDraft(draft) ? draft : null;
    } catch {
      return null;
    }
  }

  write(clipId, draft) {
    try {
      this.storage.setItem(this.prefix + clipId, JSON.stringify(draft));
      return true;
    } catch {
      return false;
    }
  }

  remove(clipId) {
    this.storage.removeItem(this.prefix + clipId);
  }

  // Drafts of clips that went elsewhere weeks ago.
  prune(now_ms, keep_ms = 14 * 86_400_000) {
    const keys = Array.from({ length: this.storage.length }, (_, i) => this.storage.key(i));
    for (const key of keys.filter((name) => name?.startsWith(this.prefix))) {
      const draft = this.read(key.slice(this.prefix.length));
      if (!draft || now_ms - draft.at > keep_ms) this.storage.removeItem(key);
    }
  }
}
