// What an answer of each kind is, without the page: whether it fits its question, whether it is whole, and how it reads.

import { WORDS } from "./words.js";

export const CLASS = "class";
export const ORDINAL = "ordinal";
export const EMOTIONS = "emotions";
export const GRID = "grid";
export const VAS = "vas";
export const TRACE = "trace";
export const UNBOUNDED_TRACE = "unbounded_trace";

export const VAS_TOP = 100;
export const TRACE_BOUNDS = { low: -1, high: 1 };
// share of the clip from which on a trace counts as whole, as the server has it
export const FULL_COVERAGE = 0.95;

export function isTrace(dimension) {
  return dimension.kind === TRACE || dimension.kind === UNBOUNDED_TRACE;
}

// null: without bounds
export function boundsOf(dimension) {
  return dimension.kind === TRACE ? TRACE_BOUNDS : null;
}

// What can be answered: class indexes with their words, or the levels 1..K of a scale with words at its ends.
export function answersOf(dimension) {
  if (dimension.kind === CLASS) return dimension.classes.map((word, index) => ({ value: index, word, digit: index + 1 }));
  return Array.from({ length: dimension.levels }, (_, i) => ({ value: i + 1, word: endWord(dimension, i), digit: i + 1 }));
}

function endWord(dimension, i) {
  if (i === 0) return dimension.classes[0] ?? "";
  return i === dimension.levels - 1 ? (dimension.classes[1] ?? "") : "";
}

// A kept draft may be of an older scheme, or broken.
export function fits(dimension, value) {
  if (dimension.kind === EMOTIONS) return fitsEmotions(dimension, value);
  if (dimension.kind === GRID) return Array.isArray(value) && value.length === 2 && value.every((place) => isLevel(place, dimension.levels));
  if (dimension.kind === VAS) return Number.isFinite(value) && value >= 0 && value <= VAS_TOP;
  if (isTrace(dimension)) return isRecording(value) || isKept(value);
  return Number.isInteger(value) && answersOf(dimension).some((answer) => answer.value === value);
}

function fitsEmotions(dimension, value) {
  if (!value || typeof value !== "object" || Array.isArray(value)) return false;
  return Object.entries(value).every(([name, level]) => dimension.classes.includes(name) && isLevel(level, dimension.levels));
}

function isLevel(value, levels) {
  return Number.isInteger(value) && value >= 1 && value <= levels;
}

function isRecording(value) {
  const { video_s, wall_ms, value: values, device } = value?.events ?? {};
  const columns = [video_s, wall_ms, values];
  return columns.every(Array.isArray) && typeof device === "string" && columns.every(({ length }) => length === device.length);
}

// The recording of a stored answer, which the server has.
export function isKept(value) {
  return typeof value?.sha256 === "string";
}

// Whether it can be submitted: there, and of a trace the whole clip, or gaps that somebody agreed to.
export function isWhole(dimension, value) {
  if (value === undefined || value === null) return false;
  if (!isTrace(dimension) || isKept(value)) return true;
  return value.coverage > 0 && (value.coverage >= FULL_COVERAGE || value.accepts_gaps === true);
}

// In a word or two.
export function describe(dimension, value) {
  if (value === undefined || value === null) return "–";
  if (dimension.kind === EMOTIONS) {
    const named = Object.entries(value).map(([name, level]) => (dimension.levels > 1 ? `${name} ${level}` : name));
    return named.join(" + ") || WORDS.none;
  }
  if (dimension.kind === GRID) return value.join("/");
  if (dimension.kind === VAS) return String(Math.round(value));
  if (isTrace(dimension)) return WORDS.covered(value.coverage);
  const answer = answersOf(dimension).find((one) => one.value === value);
  return String(answer?.word || answer?.value || "–");
}

// The questions with classes or levels that a model answers in its place; as `Dimension.questions`.
export function questionsOf(dimension) {
  const { key, title, levels, classes } = dimension;
  if (dimension.kind === EMOTIONS) return [{ key, title, kind: CLASS, classes: [...classes, WORDS.none], levels: 0 }];
  if (dimension.kind === GRID) {
    const [left, right, bottom, top] = classes;
    return [
      { key: `${key}_valence`, title, kind: ORDINAL, classes: [left, right], levels },
      { key: `${key}_arousal`, title, kind: ORDINAL, classes: [bottom, top], levels },
    ];
  }
  if (dimension.kind === VAS) return [{ key, title, kind: CLASS, classes: vasParts(levels), levels: 0 }];
  if (isTrace(dimension)) return [{ key, title, kind: CLASS, classes: WORDS.traceParts, levels: 0 }];
  return [dimension];
}

function vasParts(levels) {
  const edges = Array.from({ length: levels + 1 }, (_, i) => Math.round((VAS_TOP * i) / levels));
  return edges.slice(1).map((high, i) => WORDS.vasPart(edges[i], high));
}
