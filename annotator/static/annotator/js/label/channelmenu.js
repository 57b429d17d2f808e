// Which channels are drawn: a list by region. The choice is kept in the browser; aux channels are off until asked for.

import { REGIONS, regionOf, stackOrder } from "./channels.js";
import { disclose } from "./dialogs.js";
import { STRINGS } from "./strings.js";

const KEY = "concord:channels-off";

export class ChannelMenu {
  // tool(channel): a control that stands beside the channel's box, or null
  constructor({ list, count, all, none, button, panel, storage, onChange, tool = () => null }) {
    Object.assign(this, { list, count, panel, storage, onChange, tool });
    this.choices = read(storage); // name → shown?, only what the person chose
    this.channels = [];
    disclose(button, panel, { onOpen: () => this.#fill() });
    all.addEventListener("click", () => this.#setEeg(true));
    none.addEventListener("click", () => this.#setEeg(false));
    list.addEventListener("change", ({ target }) => this.#choose([target.value], target.checked));
  }

  setChannels(channels) {
    this.channels = channels;
    if (!this.panel.hidden) this.#fill();
    this.#tell();
  }

  // Not before somebody looks: a clip comes up sooner without it.
  #fill() {
    const { channels } = this;
    const order = stackOrder(channels).map((index) => channels[index]);
    const groups = REGIONS.map((region) => [region, order.filter((channel) => regionOf(channel) === region)]);
    this.list.replaceChildren(...groups.filter(([, members]) => members.length).map(([region, members]) => this.#group(region, members)));
  }

  get hidden() {
    return this.channels.filter((channel) => !this.#isShown(channel)).map((channel) => channel.name);
  }

  // By its name beside the traces; the menu brings it back.
  hide(name) {
    this.#choose([name], false);
  }

  #isShown(channel) {
    return this.choices[channel.name] ?? regionOf(channel) !== "aux";
  }

  #setEeg(isShown) {
    this.#choose(this.channels.filter((channel) => regionOf(channel) !== "aux").map((channel) => channel.name), isShown);
  }

  #choose(names, isShown) {
    for (const name of names) this.choices[name] = isShown;
    try {
      this.storage.setItem(KEY, JSON.stringify(this.choices));
    } catch {
      // storage is full or off: the choice holds until the page is left
    }
    for (const input of this.list.querySelectorAll("input")) if (names.includes(input.value)) input.checked = isShown;
    this.#tell();
  }

  #tell() {
    const { hidden } = this;
    this.count.textContent = this.channels.length ? `${this.channels.length - hidden.length}/${this.channels.length}` : "";
    this.onChange(hidden);
  }

  #group(region, members) {
    const fieldset = document.createElement("fieldset");
    fieldset.append(Object.assign(document.createElement("legend"), { textContent: STRINGS.regions[region] }));
    for (const channel of members) {
      const label = document.createElement("label");
      const input = Object.assign(document.createElement("input"), { type: "checkbox", value: channel.name, checked: this.#isShown(channel) });
      label.append(input, channel.name);
      const row = Object.assign(document.createElement("div"), { className: "channel-row" });
      row.dataset.channel = channel.name;
      row.append(...[label, this.tool(channel)].filter(Boolean));
      fieldset.append(row);
    }
    return fieldset;
  }
}

function read(storage) {
  try {
    return JSON.parse(storage.getItem(KEY)) ?? {};
  } catch {
    return {};
  }
}
