// Which clip is on the page, given what the server says is held and what is still on its way there. Pure.

// held: tasks in serving order; pending: clip ids answered here and not yet confirmed.
export function pickCurrent(held, { currentId = null, pending = [] } = {}) {
  const free = held.filter((task) => !pending.includes(task.clip_id));
  return free.find((task) => task.clip_id === currentId) ?? free[0] ?? null;
}

export function pickNext(held, { currentId = null, pending = [] } = {}) {
  return held.find((task) => task.clip_id !== currentId && !pending.includes(task.clip_id)) ?? null;
}

// How often a lease is renewed: a third of what it lasts, within reason.
export function heartbeatEvery_ms(seconds_left) {
  return Math.min(Math.max((seconds_left ?? 300) / 3, 5), 120) * 1000;
}

// { done, total, isMore, fraction }: answers of today, those on their way included, over what is there to do today;
// isMore: the server counted no further.
export function progressOf(progress, nPending = 0) {
  const done = progress.labelled_today + nPending;
  const total = done + Math.max(0, progress.open_clips - nPending);
  return { done, total, isMore: Boolean(progress.more_clips), fraction: total === 0 ? 0 : done / total };
}
