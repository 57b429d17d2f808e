// Marking bad channels in the list of channels: a button beside each, the key M on a focused row, a reason afterwards.

import { actionOn, byName, fromSources, whyBad } from "./badwords.js";
import { BAD } from "./markstrings.js";

export class BadMarks {
  // mark({ channel, is_bad, reason }) → Promise of the new list; null: one may only look. onChange(names of all that are bad)
  constructor({ list, root, mark, onChange }) {
    Object.assign(this, { list, root, mark, onChange });
    this.note = root.querySelector("[data-part=note]");
    this.words = root.querySelector("ul");
    this.form = root.querySelector("form");
    this.bad = new Map();
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#say({ channel: this.asked, is_bad: true, reason: this.form.elements.reason.value.trim() });
    });
    this.form.addEventListener("keydown", (event) => event.stopPropagation()); // in here the page's keys are letters
    list.addEventListener("keydown", (event) => this.#key(event));
  }

  get names() {
    return [...this.bad.keys()];
  }

  // Of another clip: by its task, until the marks come.
  setSources(sources) {
    this.form.hidden = true;
    this.note.textContent = "";
    this.setBad(fromSources(sources));
  }

  setBad(badChannels) {
    this.bad = byName(badChannels);
    this.words.replaceChildren(...badChannels.map((one) => wordOf(one)));
    for (const button of this.list.querySelectorAll("[data-bad]")) this.#dress(button);
    this.onChange(this.names);
  }

  // For the channel menu: what stands beside a channel's box.
  tool = (channel) => {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "bad-toggle" });
    button.dataset.bad = channel.name;
    button.addEventListener("click", () => this.toggle(channel.name));
    this.#dress(button);
    return button;
  };

  toggle(name) {
    const action = this.mark && actionOn(this.bad.get(name));
    if (!action) return;
    this.#say({ channel: name, is_bad: action === "mark", reason: "" });
  }

  async #say(word) {
    this.note.textContent = "";
    try {
      this.setBad(await this.mark(word));
    } catch (error) {
      this.note.textContent = error.message;
      return;
    }
    this.asked = word.channel;
    this.form.hidden = !word.is_bad || Boolean(word.reason);
    this.form.elements.reason.value = "";
    this.form.querySelector("label").textContent = BAD.reasonOf(word.channel);
    this.note.textContent = word.is_bad ? BAD.counts : "";
  }

  #dress(button) {
    const name = button.dataset.bad;
    const bad = this.bad.get(name);
    const isMarked = Boolean(bad?.sources.includes("hand"));
    const action = this.mark && actionOn(bad);
    button.textContent = "✕";
    button.disabled = !action;
    button.setAttribute("aria-pressed", String(isMarked));
    button.setAttribute("aria-label", BAD.mark(name));
    button.title = [bad ? whyBad(bad) : "", action ? BAD.does[action] : ""].filter(Boolean).join(" · ");
    button.classList.toggle("is-measured", Boolean(bad) && !isMarked);
  }

  #key(event) {
    if (event.key.toLowerCase() !== "m" || event.ctrlKey || event.altKey || event.metaKey) return;
    const row = event.target.closest("[data-channel]");
    if (!row) return;
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat) this.toggle(row.dataset.channel);
  }
}

function wordOf(bad) {
  const item = document.createElement("li");
  item.append(Object.assign(document.createElement("b"), { textContent: `✕ ${bad.name}` }), ` ${whyBad(bad)}`);
  if (bad.marked_at) item.append(Object.assign(document.createElement("time"), { dateTime: bad.marked_at, textContent: `, ${whenOf(bad.marked_at)}` }));
  return item;
}

function whenOf(moment) {
  return new Date(moment).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}
