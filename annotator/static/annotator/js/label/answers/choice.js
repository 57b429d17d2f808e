// One of several: classes by their words, levels of a scale with manikins. A radio group; exactly one button is reached by Tab.

import { manikin } from "../manikins.js";
import { attributes, endWords, make, rowFrame } from "./dom.js";

export class Choice {
  // answers: [{ value, word, digit }]; look: "words" or "scale"
  constructor({ key, title, answers, look, ends = [], movesOn = true, onAnswer }) {
    Object.assign(this, { key, answers, look, movesOn, onAnswer });
    Object.assign(this, rowFrame({ key, title, look, role: "radiogroup" }));
    if (look === "scale") endWords(this.heading, ends);
    this.buttons = answers.map((answer) => this.#button(answer));
    this.group.append(...this.buttons);
    this.show(undefined);
  }

  get isOpen() {
    return this.value === undefined || this.value === null;
  }

  show(value) {
    this.value = value;
    this.stop = this.buttons.find((button) => Number(button.dataset.value) === value) ?? this.buttons[0];
    for (const button of this.buttons) {
      button.setAttribute("aria-checked", String(Number(button.dataset.value) === value));
      button.tabIndex = button === this.stop ? 0 : -1;
    }
  }

  digit(digit) {
    const answer = this.answers.find((one) => one.digit === digit);
    if (answer) this.#answer(answer.value);
  }

  change(by) {
    const at = this.answers.findIndex((answer) => answer.value === this.value);
    const next = this.answers[at === -1 ? 0 : (at + by + this.answers.length) % this.answers.length];
    this.#answer(next.value, { movesOn: false });
    this.stop.focus({ preventScroll: true });
  }

  #answer(value, { movesOn = this.movesOn } = {}) {
    this.show(value);
    this.onAnswer(value, { movesOn });
  }

  #button({ value, word, digit }) {
    const button = make("button", "answer", { type: "button" });
    attributes(button, { role: "radio", "aria-keyshortcuts": digit % 10 });
    Object.assign(button.dataset, { value, testid: `${this.key}-${value}` });
    const figure = this.look === "scale" ? manikin(this.key, value, this.answers.length) : null;
    if (this.look === "scale") button.setAttribute("aria-label", word ? `${value}, ${word}` : String(value));
    if (figure) button.append(figure);
    button.append(make("span", "digit", { textContent: String(digit) }));
    if (this.look === "words") button.append(make("span", "word", { textContent: word }));
    button.addEventListener("click", () => this.#answer(value));
    return button;
  }
}
