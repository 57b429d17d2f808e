// A scale of more levels than fit as buttons: a range input.

import { attributes, endWords, make, rowFrame } from "./dom.js";

export class Levels {
  constructor({ key, title, levels, ends, onAnswer }) {
    this.key = key;
    Object.assign(this, rowFrame({ key, title, look: "slider", role: "group" }));
    endWords(this.heading, ends);
    this.middle = Math.ceil(levels / 2);
    this.slider = attributes(make("input", "", { type: "range", min: "1", max: String(levels), step: "1" }), { "aria-label": title });
    this.output = make("span", "slider-value");
    this.slider.addEventListener("input", () => {
      this.show(Number(this.slider.value));
      onAnswer(this.value, { movesOn: false });
    });
    this.group.append(this.slider, this.output);
    this.stop = this.slider;
    this.show(undefined);
  }

  get isOpen() {
    return this.value === undefined || this.value === null;
  }

  show(value) {
    this.value = value;
    this.slider.value = value ?? this.middle;
    this.slider.classList.toggle("is-open", this.isOpen);
    this.output.textContent = value ?? "–";
  }

  digit() {}

  change() {}
}
