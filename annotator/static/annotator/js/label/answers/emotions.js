// Any of several emotions, each with an intensity: choose one by its digit, ↑ ↓ or a click, then how strong it is; 0 is none of these.

import { attributes, button, make, rowFrame } from "./dom.js";
import { WORDS } from "./words.js";

export class Emotions {
  constructor({ key, title, emotions, levels, onAnswer }) {
    Object.assign(this, { key, emotions, levels, onAnswer });
    Object.assign(this, rowFrame({ key, title, look: "emotions", role: "group" }));
    this.chips = emotions.map((name, i) => this.#chip(name, i));
    this.none = this.#none();
    this.strength = make("div", "strength");
    this.hint = make("span", "strength-of", { id: `strength-${key}` });
    this.steps = this.#steps();
    this.strength.append(this.hint, this.steps);
    const chips = make("div", "chips");
    chips.append(...this.chips, this.none);
    this.group.append(chips);
    if (levels > 1) this.group.append(this.strength);
    this.element.addEventListener("keydown", (event) => this.#key(event));
    this.show(undefined);
  }

  get isOpen() {
    return this.value === undefined || this.value === null;
  }

  get stop() {
    return this.chosen ? this.chips[this.emotions.indexOf(this.chosen)] : (this.#holds(null) ? this.none : this.chips[0]);
  }

  show(value) {
    this.value = value;
    this.chosen = null;
    this.#paint();
  }

  // The first digit chooses the emotion, the second says how strong; 0 is none of these, or takes the chosen one away.
  digit(digit) {
    if (this.chosen && this.levels > 1) {
      if (digit === 10) this.#set(this.chosen, 0);
      else if (digit <= this.levels) this.#set(this.chosen, digit);
    } else if (digit === 10) this.#answerNone();
    else if (this.emotions[digit - 1]) this.#choose(this.emotions[digit - 1]);
  }

  change(by) {
    const at = this.chosen ? this.emotions.indexOf(this.chosen) : by > 0 ? -1 : 0;
    this.chosen = this.emotions[(at + by + this.emotions.length) % this.emotions.length];
    this.#paint();
    this.stop.focus({ preventScroll: true });
  }

  #choose(name) {
    if (this.levels === 1) return this.#set(name, this.value?.[name] ? 0 : 1);
    this.chosen = this.chosen === name ? null : name;
    this.#paint();
    this.stop.focus({ preventScroll: true });
    return undefined;
  }

  #set(name, level) {
    const { [name]: _, ...others } = this.value ?? {};
    const next = level ? { ...others, [name]: level } : others;
    this.value = Object.keys(next).length ? next : undefined; // nothing left is not "none of these"
    this.chosen = null;
    this.#paint();
    this.onAnswer(this.value, { movesOn: false });
    this.chips[this.emotions.indexOf(name)].focus({ preventScroll: true });
  }

  #answerNone() {
    this.value = {};
    this.chosen = null;
    this.#paint();
    this.onAnswer(this.value, { movesOn: true });
  }

  #key(event) {
    if (!["Backspace", "Delete", "Escape"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    const name = this.chosen ?? event.target.dataset?.emotion;
    if (event.key === "Escape") this.show(this.value);
    else if (name) this.#set(name, 0);
  }

  #holds(name) {
    return name === null ? Boolean(this.value) && Object.keys(this.value).length === 0 : Boolean(this.value?.[name]);
  }

  #paint() {
    this.chips.forEach((chip, i) => this.#paintChip(chip, this.emotions[i]));
    this.none.setAttribute("aria-checked", String(this.#holds(null)));
    for (const one of [...this.chips, this.none]) one.tabIndex = one === this.stop ? 0 : -1;
    this.hint.textContent = this.chosen ? WORDS.howStrong(this.chosen) : WORDS.chooseEmotion;
    this.steps.hidden = !this.chosen;
    const level = this.value?.[this.chosen] ?? 0;
    for (const step of this.steps.children) step.setAttribute("aria-checked", String(Number(step.dataset.level) === level));
  }

  #paintChip(chip, name) {
    const level = this.value?.[name] ?? 0;
    chip.classList.toggle("is-chosen", this.chosen === name);
    chip.setAttribute("aria-checked", String(level > 0));
    chip.setAttribute("aria-label", this.levels > 1 ? WORDS.intensity(name, level, this.levels) : name);
    if (this.levels > 1) chip.lastChild.textContent = level || "";
  }

  #chip(name, i) {
    const chip = button("answer chip", "");
    attributes(chip, { role: "checkbox", "data-answer": "", "data-emotion": name, "data-testid": `${this.key}-${i + 1}` });
    if (i < 9) chip.setAttribute("aria-keyshortcuts", String(i + 1));
    chip.append(make("span", "digit", { textContent: i < 9 ? String(i + 1) : "" }), make("span", "word", { textContent: name }), make("span", "level"));
    chip.addEventListener("click", () => this.#choose(name));
    return chip;
  }

  #none() {
    const none = button("answer chip none", "");
    attributes(none, { role: "checkbox", "data-answer": "", "data-testid": `${this.key}-none`, "aria-keyshortcuts": "0" });
    none.append(make("span", "digit", { textContent: "0" }), make("span", "word", { textContent: WORDS.none }));
    none.addEventListener("click", () => this.#answerNone());
    return none;
  }

  #steps() {
    const steps = attributes(make("div", "steps"), { role: "radiogroup", "aria-labelledby": this.hint.id });
    for (let level = 0; level <= this.levels; level += 1) {
      const step = button("answer step", level ? String(level) : "0");
      attributes(step, { role: "radio", "data-level": level, "data-testid": `${this.key}-level-${level}`, tabindex: -1 });
      if (!level) step.setAttribute("aria-label", WORDS.notThere);
      step.addEventListener("click", () => this.chosen && this.#set(this.chosen, level));
      steps.append(step);
    }
    return steps;
  }
}
