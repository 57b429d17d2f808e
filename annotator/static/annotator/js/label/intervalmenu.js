// The line below the traces: the intervals marked near this clip, and the form of the one in hand. It never covers the traces.

import { bodyOf, near, pressed, rangeText, within } from "./intervals.js";
import { INTERVALS } from "./markstrings.js";

export class IntervalMenu {
  // save(body) and withdraw(uuid) → Promise; onDraw(open): what is in hand changed; onSeek(session_s)
  constructor({ root, save, withdraw, onDraw, onSeek, newUuid = () => crypto.randomUUID() }) {
    Object.assign(this, { root, save, withdraw, onDraw, onSeek, newUuid });
    this.form = root.querySelector("form");
    this.fields = this.form.elements;
    this.list = root.querySelector("ul");
    this.note = root.querySelector("[data-part=note]");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#store();
    });
    this.form.addEventListener("keydown", (event) => this.#key(event));
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.begun) this.#drop();
    });
    this.#button("delete").addEventListener("click", () => this.#delete());
    this.#button("cancel").addEventListener("click", () => this.close());
  }

  // Another clip: its channels, its limits; what was in hand is let go.
  setClip({ limits, origin_s, channels }) {
    Object.assign(this, { limits, origin_s });
    const all = Object.assign(document.createElement("option"), { value: "", textContent: INTERVALS.allChannels });
    const options = channels.map((name) => Object.assign(document.createElement("option"), { value: name, textContent: name }));
    this.fields.channel.replaceChildren(all, ...options);
    this.setIntervals([]);
    this.close();
  }

  setIntervals(intervals) {
    this.intervals = near(intervals, this.limits);
    this.list.replaceChildren(...this.intervals.map((mark) => this.#chip(mark)));
    this.#show();
  }

  // The key: begins at the cursor, and at the second press ends there.
  press(cursor_s) {
    if (!this.limits || !this.form.hidden) return;
    const next = pressed(this.begun, cursor_s);
    if (next?.stop_s === undefined) {
      this.begun = next;
      this.#say(next ? INTERVALS.begun(rangeText({ start_s: next.start_s, stop_s: next.start_s }, this.origin_s).split("–")[0]) : INTERVALS.tooShort);
      this.onDraw(next);
      return;
    }
    this.begun = null;
    this.open(next);
  }

  // The form, for a stretch or for a mark to be corrected.
  open(wanted, mark = null) {
    const range = within(wanted, this.limits);
    if (!range) return this.#say(INTERVALS.tooShort);
    this.begun = null;
    this.inHand = { range, mark, uuid: this.newUuid() };
    Object.assign(this.fields.kind, { value: mark?.kind ?? this.lastKind ?? "artefact" });
    this.fields.channel.value = mark?.channel ?? "";
    this.fields.text.value = mark?.text ?? "";
    this.fields.start.value = (range.start_s - this.origin_s).toFixed(2);
    this.fields.stop.value = (range.stop_s - this.origin_s).toFixed(2);
    this.#button("delete").hidden = !mark;
    this.#lock(false);
    this.form.hidden = false;
    this.#say("");
    this.fields.kind.focus();
    this.onDraw(range);
  }

  close() {
    const hadFocus = this.form.contains(document.activeElement);
    this.inHand = null;
    this.form.hidden = true;
    this.#drop();
    if (hadFocus) document.activeElement.blur(); // the page's keys again
  }

  async #store() {
    const { mark, uuid } = this.inHand;
    const typed = within({ start_s: this.#typed("start"), stop_s: this.#typed("stop") }, this.limits);
    if (!typed) return this.#say(INTERVALS.badRange);
    const [kind, channel, text] = [this.fields.kind.value, this.fields.channel.value, this.fields.text.value];
    this.lastKind = kind;
    return this.#send(() => this.save(bodyOf({ range: typed, kind, channel, text, mark }, uuid)));
  }

  // A field that was not touched says no more than it shows: what is meant is the exact moment.
  #typed(name) {
    const exact_s = this.inHand.range[`${name}_s`];
    const shown = (exact_s - this.origin_s).toFixed(2);
    return this.fields[name].value === shown ? exact_s : this.origin_s + Number(this.fields[name].value);
  }

  #delete() {
    const { mark } = this.inHand;
    return this.#send(() => this.withdraw(mark.uuid));
  }

  // Without an answer the same is sent again, under the same uuid: until then nothing of it may be changed.
  async #send(send) {
    const { inHand } = this;
    this.#lock(true);
    try {
      await send();
      if (this.inHand === inHand) this.close();
    } catch (error) {
      if (this.inHand !== inHand) return;
      this.#say(INTERVALS.failed(error.message));
      this.#lock(error.status === null);
      this.#button("save").disabled = false;
    }
  }

  #drop() {
    this.begun = null;
    this.#say("");
    this.onDraw(null);
  }

  #lock(isLocked) {
    for (const field of this.fields) if (field.dataset.part !== "cancel") field.disabled = isLocked;
  }

  #chip(mark) {
    const item = document.createElement("li");
    const words = [INTERVALS.kinds[mark.kind], rangeText(mark, this.origin_s), mark.channel, mark.text].filter(Boolean).join(" · ");
    const button = Object.assign(document.createElement("button"), { type: "button", className: "mark-chip", textContent: words });
    button.title = mark.is_own ? INTERVALS.edit : INTERVALS.by(mark.by);
    Object.assign(button.dataset, { kind: mark.kind, uuid: mark.uuid });
    button.addEventListener("click", () => {
      this.onSeek(mark.start_s);
      if (mark.is_own) this.open(mark, mark);
    });
    item.append(button);
    return item;
  }

  #key(event) {
    event.stopPropagation(); // in here the page's keys are letters
    if (event.key !== "Escape") return;
    event.preventDefault();
    this.close();
  }

  #button(name) {
    return this.form.querySelector(`[data-part=${name}]`);
  }

  #say(text) {
    this.note.textContent = text;
    this.#show();
  }

  #show() {
    this.root.hidden = this.form.hidden && !this.note.textContent && !this.list.children.length;
    this.root.dataset.state = this.begun ? "begun" : this.form.hidden ? "shown" : "open";
  }
}
