// What was chosen, what of it is on the server already, and how far the whole is. Pure.

import { UPLOAD } from "./strings.js";

// Files as a browser gives them -> { path, size, modified_ms, blob }; hidden files (.DS_Store) are left out and counted.
export function entriesOf(files) {
  const entries = [];
  let nHidden = 0;
  for (const file of files) {
    const path = (file.path ?? file.webkitRelativePath) || file.name;
    if (path.split("/").some((part) => part.startsWith("."))) nHidden += 1;
    else entries.push({ path, size: file.size, modified_ms: file.lastModified, blob: file });
  }
  return { entries, nHidden };
}

// More files beside those chosen before; the same path again takes the place of the first.
export function merge(entries, more) {
  const byPath = new Map([...entries, ...more].map((entry) => [entry.path, entry]));
  return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

export function tooLarge(entries, max_bytes) {
  const size = sum(entries.map((entry) => entry.size));
  return size > max_bytes ? UPLOAD.tooLarge(bytesText(size), bytesText(max_bytes)) : "";
}

// The unfinished upload that these files belong to: the one with the most files that were chosen again, if any was.
export function uploadToResume(uploads, entries) {
  const chosen = new Map(entries.map((entry) => [entry.path, entry]));
  const scored = uploads.map((upload) => ({ upload, n: upload.files.filter((file) => isSame(file, chosen.get(file.path))).length }));
  const best = scored.reduce((a, b) => (b.n > (a?.n ?? 0) ? b : a), null);
  return best?.upload ?? null;
}

export function isSame(file, entry) {
  return Boolean(entry) && file.path === entry.path && file.size_bytes === entry.size && file.modified_ms === entry.modified_ms;
}

// What there is to do: every entry with its address and place where the server knows it; and what the server holds of
// files that were not chosen again, which must go before the import.
export function itemsOf(entries, upload) {
  const known = new Map((upload?.files ?? []).map((file) => [file.path, file]));
  const items = entries.map((entry) => {
    const file = known.get(entry.path);
    const here = isSame(file ?? {}, entry) ? file : null;
    const offset = here?.offset_bytes ?? 0;
    return { ...entry, url: here?.url ?? null, offset, state: here && offset === entry.size ? "done" : "waiting", text: "" };
  });
  const kept = new Set(items.filter((item) => item.url).map((item) => item.path));
  return { items, strays: [...known.values()].filter((file) => !kept.has(file.path)) };
}

export function totalsOf(items) {
  const size = sum(items.map((item) => item.size));
  const sent = sum(items.map((item) => item.offset));
  const nDone = items.filter((item) => item.state === "done").length;
  return { size, sent, nDone, n: items.length, fraction: size === 0 ? (nDone === items.length ? 1 : 0) : sent / size };
}

// Bytes per second over the last stretch, from samples [{ at_ms, sent }]; null while there is nothing to measure by.
export function rateOf(samples) {
  const first = samples[0];
  const last = samples.at(-1);
  const seconds = first ? (last.at_ms - first.at_ms) / 1000 : 0;
  return seconds >= 1 && last.sent > first.sent ? (last.sent - first.sent) / seconds : null;
}

export function addSample(samples, at_ms, sent, { over_ms = 15_000 } = {}) {
  return [...samples.filter((sample) => sample.at_ms > at_ms - over_ms && sample.sent <= sent), { at_ms, sent }];
}

export function timeLeftText(nLeft, bytes_s) {
  if (!bytes_s) return "";
  const seconds = nLeft / bytes_s;
  if (seconds < 90) return UPLOAD.secondsLeft(Math.max(1, Math.round(seconds)));
  if (seconds < 5400) return UPLOAD.minutesLeft(Math.round(seconds / 60));
  return UPLOAD.hoursLeft((seconds / 3600).toFixed(1));
}

export function bytesText(n) {
  let power = 0;
  let value = n;
  while (value >= 999.5 && power < UPLOAD.units.length - 1) {
    value /= 1000;
    power += 1;
  }
  return `${power === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${UPLOAD.units[power]}`;
}

function sum(numbers) {
  return numbers.reduce((a, b) => a + b, 0);
}
