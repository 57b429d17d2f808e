// A visual analogue scale: a line without marks. It has no handle until somebody has put one there.

import { attributes, make, rowFrame } from "./dom.js";
import { VAS_TOP } from "./values.js";
import { WORDS } from "./words.js";

const STEPS = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 };
const ENDS = { Home: 0, End: VAS_TOP };

export class Vas {
  constructor({ key, title, ends, onAnswer }) {
    Object.assign(this, { key, onAnswer });
    Object.assign(this, rowFrame({ key, title, look: "vas", role: "group" }));
    const [left, right] = ends.map((textContent, i) => make("span", `vas-end ${i ? "right" : "left"}`, { textContent }));
    this.line = attributes(make("div", "vas-line"), {
      role: "slider", tabindex: 0, "data-answer": "", "data-testid": `${key}-line`, "aria-labelledby": this.heading.id,
      "aria-valuemin": 0, "aria-valuemax": VAS_TOP, "aria-orientation": "horizontal", title: WORDS.vasHint,
    });
    this.handle = make("span", "vas-handle");
    this.line.append(this.handle);
    this.group.append(left, this.line, right);
    this.line.addEventListener("pointerdown", (event) => this.#drag(event));
    this.line.addEventListener("keydown", (event) => this.#key(event));
    this.stop = this.line;
    this.isEnabled = true;
    this.show(undefined);
  }

  get isOpen() {
    return this.value === undefined || this.value === null;
  }

  show(value) {
    this.value = value;
    this.handle.hidden = this.isOpen;
    this.handle.style.left = `${((value ?? 0) / VAS_TOP) * 100}%`;
    attributes(this.line, { "aria-valuenow": value ?? VAS_TOP / 2, "aria-valuetext": this.isOpen ? WORDS.notSet : Math.round(value) });
  }

  // A tenth of the line each; the arrows go on from there.
  digit(digit) {
    this.#answer(digit * 10);
  }

  change(by) {
    this.#answer(this.isOpen ? VAS_TOP / 2 : this.value - by);
  }

  setEnabled(isEnabled) {
    this.isEnabled = isEnabled;
    attributes(this.line, { "aria-disabled": !isEnabled });
  }

  #key(event) {
    if (event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return;
    const isStep = event.key in STEPS;
    if (!isStep && !(event.key in ENDS)) return;
    event.preventDefault();
    event.stopPropagation(); // the page's own arrows step through the video
    if (isStep) this.#answer(this.isOpen ? VAS_TOP / 2 : this.value + STEPS[event.key]);
    else this.#answer(ENDS[event.key]);
  }

  #drag(event) {
    if (event.button !== 0 || !this.isEnabled) return;
    this.line.focus({ preventScroll: true });
    this.line.setPointerCapture(event.pointerId);
    const moving = new AbortController();
    const follow = ({ clientX }) => this.#answer(this.#valueAt(clientX));
    this.line.addEventListener("pointermove", follow, { signal: moving.signal });
    for (const end of ["pointerup", "pointercancel"]) this.line.addEventListener(end, () => moving.abort(), { signal: moving.signal });
    follow(event);
  }

  #valueAt(clientX) {
    const box = this.line.getBoundingClientRect();
    return ((clientX - box.left) / box.width) * VAS_TOP;
  }

  #answer(value) {
    if (!this.isEnabled) return;
    this.show(Math.round(Math.min(Math.max(value, 0), VAS_TOP) * 10) / 10);
    this.onAnswer(this.value, { movesOn: false });
  }
}
