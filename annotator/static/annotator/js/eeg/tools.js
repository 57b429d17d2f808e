// The tools above the traces: what is chosen here goes to the traces, what the traces are is shown here.

import { disclose } from "../label/dialogs.js";
import { STRINGS } from "../label/strings.js";
import { ORDERS } from "./arrange.js";
import { CHOICES_HZ, offeredHz } from "./filters.js";
import { parseCustom } from "./montage.js";
import { lengthOf, lengthText, timebases } from "./viewport.js";

const ROWS_SHOWN = [0, 8, 16, 32];

export class TraceTools {
  constructor({ root, traces }) {
    this.traces = traces;
    this.parts = Object.fromEntries([...root.querySelectorAll("[data-tool]")].map((part) => [part.dataset.tool, part]));
    this.#fill();
    this.#listen();
    disclose(this.parts["more-button"], this.parts["more-panel"]);
    disclose(this.parts["custom-button"], this.parts["custom-panel"]);
  }

  #fill() {
    const { parts } = this;
    options(parts.order, ORDERS.map((name) => [name, STRINGS.orders[name]]));
    options(parts.rows, ROWS_SHOWN.map((n) => [n, STRINGS.rowsShown(n)]));
    for (const name of Object.keys(CHOICES_HZ)) options(parts[name], CHOICES_HZ[name].map((hz) => [hz, STRINGS.filterHz[name](hz)]));
  }

  #listen() {
    const { parts, traces } = this;
    const clicks = {
      "gain-up": () => traces.changeGain(1), "gain-down": () => traces.changeGain(-1), "page-back": () => traces.page(-1), "page-on": () => traces.page(1),
    };
    for (const [name, act] of Object.entries(clicks)) parts[name].addEventListener("click", act);
    parts.timebase.addEventListener("change", () => this.#setTimebase(parts.timebase.value));
    parts.montage.addEventListener("change", () => this.#setMontage(parts.montage.value));
    for (const name of Object.keys(CHOICES_HZ)) {
      parts[name].addEventListener("change", () => traces.set({ filters: { ...traces.values.filters, [name]: Number(parts[name].value) }, areFiltersOn: true }));
    }
    parts.measure.addEventListener("click", () => this.#measure(!traces.pane.isMeasuring));
    parts.order.addEventListener("change", () => traces.set({ order: parts.order.value }));
    parts.rows.addEventListener("change", () => traces.set({ nRows: Number(parts.rows.value) }));
    parts.zscore.addEventListener("change", () => traces.set({ isZ: parts.zscore.checked }));
    parts.cut.addEventListener("change", () => traces.set({ isClipped: parts.cut.checked }));
    parts["custom-form"].addEventListener("submit", (event) => this.#submitCustom(event));
  }

  #measure(isOn) {
    this.traces.pane.setMeasuring(isOn);
    this.parts.measure.setAttribute("aria-pressed", String(isOn));
  }

  // ---- the time base

  setBounds(bounds) {
    const { timebase } = this.parts;
    const isOfClip = timebase.dataset.clip !== undefined;
    options(timebase, [
      ...(isOfClip ? [["clip", STRINGS.timebaseClip]] : []), ...timebases(bounds).map((length_s) => [length_s, lengthText(length_s)]),
      ["all", isOfClip ? STRINGS.timebaseAll : STRINGS.timebaseWhole], ["other", ""],
    ]);
    timebase.lastChild.hidden = true;
    this.bounds = bounds;
  }

  #setTimebase(value) {
    if (value === "all") this.traces.whole();
    else this.traces.setTimebase(value === "clip" ? "clip" : Number(value));
  }

  showSpan(span, isAtHome) {
    const { timebase } = this.parts;
    const length_s = lengthOf(span);
    const fits = [...timebase.options].find(({ value }) => Math.abs(Number(value) - length_s) < 1e-6)?.value;
    const isAll = Math.abs(length_s - lengthOf(this.bounds)) < 1e-6;
    timebase.lastChild.textContent = lengthText(length_s);
    const isClip = isAtHome && timebase.dataset.clip !== undefined && this.traces.values.timebase === "clip";
    timebase.value = isClip ? "clip" : isAll ? "all" : fits ?? "other";
  }

  // ---- montage

  #setMontage(name) {
    if (name !== "custom") return this.traces.set({ montage: name });
    this.#openCustom();
    if (this.#errorIn(this.traces.custom)) this.show(); // as it was, until there are rows
    else this.traces.set({ montage: "custom" });
  }

  #openCustom() {
    const { parts, traces } = this;
    parts["custom-button"].hidden = false;
    if (parts["custom-panel"].hidden) parts["custom-button"].click();
    parts["custom-text"].value = traces.custom;
    this.#refuse("");
    parts["custom-text"].focus();
  }

  #errorIn(text) {
    return this.traces.raw ? parseCustom(text, this.traces.raw.channels).error : STRINGS.noTracesYet;
  }

  #submitCustom(event) {
    event.preventDefault();
    const { parts, traces } = this;
    const text = parts["custom-text"].value;
    const error = this.#errorIn(text);
    this.#refuse(error);
    if (error) return parts["custom-text"].focus();
    parts["custom-button"].click(); // closes the panel
    parts["custom-button"].focus();
    traces.setCustom(text);
  }

  #refuse(error) {
    this.parts["custom-error"].textContent = error;
    this.parts["custom-text"].setAttribute("aria-invalid", String(Boolean(error)));
  }

  // ---- what is

  show() {
    const { parts, traces } = this;
    const { montage, filters, areFiltersOn, order, isZ, isClipped, nRows } = traces.values;
    options(parts.montage, (traces.offered ?? [montage]).map((name) => [name, STRINGS.montages[name]]));
    parts.montage.value = montage;
    if (parts.montage.selectedIndex < 0) parts.montage.value = "recorded"; // this recording lacks the electrodes
    parts["custom-button"].hidden = montage !== "custom" && parts["custom-panel"].hidden;
    for (const name of Object.keys(CHOICES_HZ)) this.#showFilter(parts[name], name, filters[name], areFiltersOn);
    Object.assign(parts.order, { value: order });
    parts.rows.value = String(nRows);
    parts.zscore.checked = isZ;
    parts.cut.checked = isClipped;
    parts.gain.textContent = traces.pane.gainText;
  }

  // What lies above half the recording's rate is not there to be chosen.
  #showFilter(select, name, hz, isOn) {
    const offered = this.traces.topRate ? offeredHz(name, this.traces.topRate) : CHOICES_HZ[name];
    for (const option of select.options) option.hidden = option.disabled = !offered.includes(Number(option.value));
    select.value = offered.includes(hz) ? String(hz) : "0";
    select.classList.toggle("is-off", !isOn && hz > 0);
  }
}

function options(select, pairs) {
  const { value } = select;
  select.replaceChildren(...pairs.map(([key, text]) => Object.assign(document.createElement("option"), { value: String(key), textContent: text })));
  select.value = value;
}
