// Russell's affect grid: one cell says how pleasant (left to right) and how aroused (bottom to top).

import { attributes, make, rowFrame } from "./dom.js";
import { WORDS } from "./words.js";

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

export class Grid {
  constructor({ dimension, onAnswer }) {
    this.key = dimension.key;
    this.dimension = dimension;
    this.levels = dimension.levels;
    this.onAnswer = onAnswer;
    Object.assign(this, rowFrame({ key: dimension.key, title: dimension.title, look: "grid", role: "group" }));
    const [left, right, bottom, top] = dimension.classes;
    const words = { left, right, bottom, top };
    this.grid = attributes(make("div", "affect-grid"), { role: "grid", "aria-labelledby": this.heading.id, "data-testid": `${this.key}-grid` });
    this.grid.dataset.levels = this.levels;
    this.cells = new Map();
    for (let row = this.levels; row >= 1; row -= 1) this.grid.append(this.#row(row));
    this.said = attributes(make("output", "grid-said"), { "aria-live": "polite" });
    this.group.append(...Object.entries(words).map(([side, textContent]) => make("span", `grid-end ${side}`, { textContent })), this.grid);
    this.heading.append(this.said);
    this.grid.addEventListener("click", ({ target }) => this.#click(target));
    this.grid.addEventListener("keydown", (event) => this.#key(event));
    this.show(undefined);
  }

  get isOpen() {
    return !this.value;
  }

  get stop() {
    return this.#cell(this.value ?? this.#middle);
  }

  get #middle() {
    return [Math.ceil(this.levels / 2), Math.ceil(this.levels / 2)];
  }

  show(value) {
    this.value = value;
    this.column = null;
    for (const [place, cell] of this.cells) {
      cell.setAttribute("aria-selected", String(value?.join() === place));
      cell.tabIndex = -1;
    }
    this.stop.tabIndex = 0;
    this.said.textContent = value ? value.join(" / ") : "";
  }

  // The first digit is the column, the second the row.
  digit(digit) {
    if (digit > this.levels) return;
    if (this.column === null) {
      this.column = digit;
      this.said.textContent = `${digit} / …`;
      return;
    }
    this.#answer([this.column, digit], { movesOn: true });
  }

  change(by) {
    this.#move([0, by > 0 ? -1 : 1]);
  }

  #key(event) {
    const move = MOVES[event.key];
    if (!move || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation(); // the page's own arrows step through the video
    this.#move(move);
  }

  #move([columns, rows]) {
    const [column, row] = this.value ?? this.#middle;
    const within = (place) => Math.min(Math.max(place, 1), this.levels);
    this.#answer(this.value ? [within(column + columns), within(row + rows)] : this.#middle);
    this.stop.focus({ preventScroll: true });
  }

  #click(target) {
    const cell = target.closest("[data-place]");
    if (cell && cell.getAttribute("aria-disabled") !== "true") this.#answer(cell.dataset.place.split(",").map(Number), { movesOn: true });
  }

  #answer(value, { movesOn = false } = {}) {
    this.show(value);
    this.onAnswer(value, { movesOn });
  }

  #cell(value) {
    return this.cells.get(value.join());
  }

  setEnabled(isEnabled) {
    for (const cell of this.cells.values()) cell.setAttribute("aria-disabled", String(!isEnabled));
  }

  #row(row) {
    const element = attributes(make("div", "grid-row"), { role: "row" });
    for (let column = 1; column <= this.levels; column += 1) {
      const place = [column, row];
      const cell = make("div", "cell");
      attributes(cell, { role: "gridcell", "data-answer": "", "data-place": place.join(), "data-testid": `${this.key}-${column}-${row}`, "aria-label": WORDS.cell(this.dimension, place) });
      const middle = (this.levels + 1) / 2;
      cell.classList.toggle("is-axis", column === middle || row === middle);
      this.cells.set(place.join(), cell);
      element.append(cell);
    }
    return element;
  }
}
