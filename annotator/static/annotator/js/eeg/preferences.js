// What a person likes their traces to be, kept in the browser: one set for each user, the custom montage for each study too.

import { OFF } from "./filters.js";

const STANDARD = { montage: "recorded", filters: OFF, areFiltersOn: true, order: "region", isZ: false, isClipped: false, nRows: 0, timebase: "clip" };

export class TracePreferences {
  constructor({ storage, user, study }) {
    this.storage = storage;
    this.key = `concord:traces:${user}`;
    this.customKey = `concord:montage:${user}:${study}`;
    this.values = { ...STANDARD, ...read(storage, this.key, {}) };
    this.custom = read(storage, this.customKey, "");
  }

  // Storage that is full or off: the choice holds until the page is left.
  set(fields) {
    this.values = { ...this.values, ...fields };
    write(this.storage, this.key, this.values);
  }

  setCustom(text) {
    this.custom = text;
    write(this.storage, this.customKey, text);
  }
}

function read(storage, key, otherwise) {
  try {
    return JSON.parse(storage.getItem(key)) ?? otherwise;
  } catch {
    return otherwise;
  }
}

function write(storage, key, value) {
  try {
    storage.setItem(key, JSON.stringify(value));
  } catch {
    // see above
  }
}
