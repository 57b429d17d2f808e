// Answers on their way to the server. They are kept in the browser until the server has them; a retry is the same answer (same uuid).
// Pure functions on a plain list of entries { id, clip_id, kind: "submit" | "correct" | "skip", body, state, attempts, due_ms }.

export const WAITING = "waiting";
export const SENDING = "sending";

export function enqueue(box, entry, now_ms) {
  if (box.some((held) => held.id === entry.id)) return box;
  return [...box, { ...entry, state: WAITING, attempts: 0, due_ms: now_ms }];
}

// Strictly in order: a later answer never overtakes an earlier one.
export function nextDue(box, now_ms) {
  const first = box[0];
  return first && first.state === WAITING && first.due_ms <= now_ms ? first : null;
}

export function markSending(box, id) {
  return change(box, id, { state: SENDING });
}

export function remove(box, id) {
  return box.filter((entry) => entry.id !== id);
}

export function retryLater(box, id, now_ms) {
  const entry = box.find((held) => held.id === id);
  if (!entry) return box;
  return change(box, id, { state: WAITING, attempts: entry.attempts + 1, due_ms: now_ms + backoff_ms(entry.attempts) });
}

// The network is back: no need to wait out the backoff.
export function dueNow(box, now_ms) {
  return box.map((entry) => (entry.state === WAITING ? { ...entry, due_ms: Math.min(entry.due_ms, now_ms) } : entry));
}

// After a reload whatever was under way is sent again: the uuid makes that harmless.
export function revive(box, now_ms) {
  return box.map((entry) => ({ ...entry, state: WAITING, due_ms: now_ms }));
}

export function backoff_ms(attempts, { first_ms = 1000, most_ms = 30_000 } = {}) {
  return Math.min(first_ms * 2 ** attempts, most_ms);
}

// What an answer's failure means. `status` null: no answer came at all.
export function verdict(status, code = "") {
  if (code === "csrf") return "signed-out"; // the session changed under the page: signing in again mends it
  if (status === null || status === 408 || status === 429 || status >= 500) return "retry";
  if (status === 401) return "signed-out";
  return "rejected";
}

function change(box, id, fields) {
  return box.map((entry) => (entry.id === id ? { ...entry, ...fields } : entry));
}
