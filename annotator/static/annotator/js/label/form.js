// The answer rows: one widget a question, then confidence. Each is answered by pointer, by digits, or by the arrow keys.

import { Choice } from "./answers/choice.js";
import { widgetFor } from "./answers/index.js";
import { PlaySession } from "./answers/session.js";
import { STRINGS } from "./strings.js";

const CONFIDENCE = "confidence";

export class AnswerForm {
  // stage: where the clip is shown, for questions that are answered while it plays
  constructor({ root, note, stage, onChange }) {
    this.root = root;
    this.note = note;
    this.session = new PlaySession(stage);
    this.onChange = onChange;
    this.rows = [];
    this.active = 0;
    note.addEventListener("input", () => onChange({ comment: note.value }));
  }

  build(scheme) {
    const key = JSON.stringify(scheme);
    if (key === this.schemeKey) return;
    this.schemeKey = key;
    this.#leave();
    this.rows = [...scheme.map((dimension) => this.#row(dimension)), this.#confidence()];
    this.rows.forEach((row) => row.element.addEventListener("focusin", () => this.#activate(this.rows.indexOf(row))));
    this.root.replaceChildren(...this.rows.map((row) => row.element));
  }

  setDraft(draft) {
    for (const row of this.rows) row.show(row.key === CONFIDENCE ? draft.confidence : draft.values[row.key]);
    if (this.note.value !== draft.comment) this.note.value = draft.comment;
  }

  // The clip on the page and the clock that plays it.
  attach(task, clock) {
    this.#leave();
    this.session.attach(task, clock);
    for (const row of this.rows) if (row.leave) row.show(row.value);
  }

  setEnabled(isEnabled) {
    this.note.disabled = !isEnabled;
    for (const control of this.root.querySelectorAll("button, input")) control.disabled = !isEnabled;
    for (const row of this.rows) row.setEnabled?.(isEnabled);
    this.isEnabled = isEnabled;
  }

  // The first row without an answer, or the last.
  focusOpenRow() {
    const open = this.rows.findIndex((row) => row.isOpen);
    this.focusRow(open === -1 ? this.rows.length - 1 : open);
  }

  focusRow(index) {
    this.#activate(Math.min(Math.max(index, 0), this.rows.length - 1));
    this.rows[this.active]?.stop?.focus({ preventScroll: true });
    this.rows[this.active]?.element.scrollIntoView({ block: "nearest" }); // where there are more rows than room
  }

  answerByDigit(digit) {
    if (this.isEnabled) this.rows[this.active]?.digit(digit);
  }

  change(by) {
    if (this.isEnabled) this.rows[this.active]?.change(by);
  }

  #leave() {
    for (const row of this.rows) row.leave?.();
  }

  #row(dimension) {
    const { key } = dimension;
    const onAnswer = (value, { movesOn }) => this.#answered(key, { values: { [key]: value } }, movesOn);
    return widgetFor(dimension, { onAnswer, session: this.session });
  }

  #confidence() {
    const answers = STRINGS.confidence.words.map((word, i) => ({ value: i + 1, word, digit: i + 1 }));
    const onAnswer = (confidence, { movesOn }) => this.#answered(CONFIDENCE, { confidence }, movesOn);
    return new Choice({ key: CONFIDENCE, title: STRINGS.confidence.title, answers, look: "words", onAnswer });
  }

  #answered(key, fields, movesOn) {
    this.onChange(fields);
    if (movesOn) this.focusRow(this.rows.findIndex((row) => row.key === key) + 1);
  }

  #activate(index) {
    this.active = index;
    this.rows.forEach((row, i) => row.element.classList.toggle("is-active", i === index));
  }
}
