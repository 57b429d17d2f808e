// The widget for each kind of question.

import { Choice } from "./choice.js";
import { Emotions } from "./emotions.js";
import { Grid } from "./grid.js";
import { Levels } from "./levels.js";
import { TraceRow } from "./trace.js";
import { CLASS, EMOTIONS, GRID, VAS, answersOf, isTrace } from "./values.js";
import { Vas } from "./vas.js";

const MOST_BUTTONS = 10;

// onAnswer(value, { movesOn }): every widget has element, stop (what Tab reaches), isOpen, show(value), digit(1..10), change(±1)
export function widgetFor(dimension, { onAnswer, session }) {
  const { key, title, kind, classes, levels } = dimension;
  if (isTrace(dimension)) return new TraceRow({ dimension, session, onAnswer });
  if (kind === EMOTIONS) return new Emotions({ key, title, emotions: classes, levels, onAnswer });
  if (kind === GRID) return new Grid({ dimension, onAnswer });
  if (kind === VAS) return new Vas({ key, title, ends: classes, onAnswer });
  if (kind !== CLASS && levels > MOST_BUTTONS) return new Levels({ key, title, levels, ends: classes, onAnswer });
  return new Choice({ key, title, answers: answersOf(dimension), look: kind === CLASS ? "words" : "scale", ends: classes, onAnswer });
}
