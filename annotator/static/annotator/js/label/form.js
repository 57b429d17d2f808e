// The answer rows: one radio group a dimension, then confidence. A row can be answered by pointer, by digit, or by ↑ ↓.

import { answersOf } from "./draft.js";
import { manikin } from "./manikins.js";
import { STRINGS } from "./strings.js";

const CONFIDENCE = "confidence";
const MOST_BUTTONS = 10;

export class AnswerForm {
  constructor({ root, note, onChange }) {
    this.root = root;
    this.note = note;
    this.onChange = onChange;
    this.rows = [];
    this.active = 0;
    note.addEventListener("input", () => onChange({ comment: note.value }));
  }

  build(scheme) {
    const key = JSON.stringify(scheme);
    if (key === this.schemeKey) return;
    this.schemeKey = key;
    this.rows = [...scheme.map((dimension) => this.#row(rowOf(dimension))), this.#row(confidenceRow())];
    this.root.replaceChildren(...this.rows.map((row) => row.element));
  }

  setDraft(draft) {
    for (const row of this.rows) paint(row, row.key === CONFIDENCE ? draft.confidence : draft.values[row.key]);
    if (this.note.value !== draft.comment) this.note.value = draft.comment;
  }

  setEnabled(isEnabled) {
    this.note.disabled = !isEnabled;
    for (const control of this.root.querySelectorAll("button, input")) control.disabled = !isEnabled;
  }

  // The first row without an answer, or the last.
  focusOpenRow() {
    const open = this.rows.findIndex((row) => row.value === undefined || row.value === null);
    this.focusRow(open === -1 ? this.rows.length - 1 : open);
  }

  focusRow(index) {
    this.active = Math.min(Math.max(index, 0), this.rows.length - 1);
    this.#markActive();
    this.rows[this.active]?.stop?.focus({ preventScroll: true });
  }

  answerByDigit(digit) {
    const row = this.rows[this.active];
    const answer = row?.answers.find((one) => one.digit === digit);
    if (!answer) return;
    this.#answer(row, answer.value);
    this.focusRow(this.active + 1);
  }

  change(by) {
    const row = this.rows[this.active];
    if (!row || row.isSlider) return;
    const at = row.answers.findIndex((answer) => answer.value === row.value);
    const next = row.answers[at === -1 ? 0 : (at + by + row.answers.length) % row.answers.length];
    this.#answer(row, next.value);
    row.stop.focus({ preventScroll: true });
  }

  #answer(row, value) {
    paint(row, value);
    this.onChange(row.key === CONFIDENCE ? { confidence: value } : { values: { [row.key]: value } });
  }

  #row(row) {
    const element = div(`row row-${row.look}`);
    const id = `row-${row.key}`;
    const title = Object.assign(div("row-title"), { id, textContent: row.title });
    const group = div("row-answers");
    group.setAttribute("role", row.isSlider ? "group" : "radiogroup");
    group.setAttribute("aria-labelledby", id);
    group.dataset.testid = `answer-${row.key}`;
    Object.assign(row, { element, group });
    if (row.isSlider) group.append(...this.#slider(row));
    else group.append(...row.answers.map((answer) => this.#button(row, answer)));
    if (row.look !== "words") title.append(...row.ends.map((word) => span("end", word)));
    element.append(title, group);
    element.addEventListener("focusin", () => {
      this.active = this.rows.indexOf(row);
      this.#markActive();
    });
    paint(row, undefined);
    return row;
  }

  #button(row, answer) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "answer" });
    button.setAttribute("role", "radio");
    button.setAttribute("aria-keyshortcuts", String(answer.digit % 10));
    button.dataset.value = answer.value;
    button.dataset.testid = `${row.key}-${answer.value}`;
    if (row.look === "scale") button.setAttribute("aria-label", `${answer.value}${answer.word ? `, ${answer.word}` : ""}`);
    const figure = row.look === "scale" ? manikin(row.key, answer.value, row.answers.length) : null;
    if (figure) button.append(figure);
    button.append(span("digit", String(answer.digit)));
    if (row.look === "words") button.append(span("word", answer.word));
    button.addEventListener("click", () => {
      this.#answer(row, answer.value);
      this.focusRow(this.rows.indexOf(row) + (row.key === CONFIDENCE ? 0 : 1));
    });
    return button;
  }

  #slider(row) {
    const slider = Object.assign(document.createElement("input"), { type: "range", min: "1", max: String(row.answers.length), step: "1" });
    slider.setAttribute("aria-label", row.title);
    slider.addEventListener("input", () => this.#answer(row, Number(slider.value)));
    row.slider = slider;
    row.output = span("slider-value", "");
    return [slider, row.output];
  }

  #markActive() {
    this.rows.forEach((row, index) => row.element.classList.toggle("is-active", index === this.active));
  }
}

function rowOf(dimension) {
  const answers = answersOf(dimension);
  const isSlider = dimension.kind !== "class" && answers.length > MOST_BUTTONS;
  const look = dimension.kind === "class" ? "words" : "scale";
  return { key: dimension.key, title: dimension.title, answers, isSlider, look: isSlider ? "slider" : look, ends: dimension.classes };
}

function confidenceRow() {
  const answers = STRINGS.confidence.words.map((word, i) => ({ value: i + 1, word, digit: i + 1 }));
  return { key: CONFIDENCE, title: STRINGS.confidence.title, answers, isSlider: false, look: "words", ends: [] };
}

// Shows a value; exactly one element of the row is reached by Tab.
function paint(row, value) {
  row.value = value;
  if (row.isSlider) {
    row.slider.value = value ?? Math.ceil(row.answers.length / 2);
    row.slider.classList.toggle("is-open", value === undefined);
    row.output.textContent = value ?? "–";
    row.stop = row.slider;
    return;
  }
  const buttons = [...row.group.children];
  row.stop = buttons.find((button) => Number(button.dataset.value) === value) ?? buttons[0];
  for (const button of buttons) {
    button.setAttribute("aria-checked", String(Number(button.dataset.value) === value));
    button.tabIndex = button === row.stop ? 0 : -1;
  }
}

function div(className) {
  return Object.assign(document.createElement("div"), { className });
}

function span(className, textContent) {
  return Object.assign(document.createElement("span"), { className, textContent });
}
