// What is said of bad channels. Pure.

import { BAD } from "./markstrings.js";

// [{ name, sources, by, is_own, reason, faults, … }] → name → itself
export function byName(badChannels) {
  return new Map(badChannels.map((one) => [one.name, one]));
}

// A task says no more than the sources; the rest comes with the marks.
export function fromSources(sources = {}) {
  return Object.entries(sources).map(([name, from]) => ({
    name, sources: from, faults: [], by: "", is_own: false, reason: "", marked_at: null, may_take_back: false,
  }));
}

// "marked as bad by you: loose · measured: flat · bad by its files"
export function whyBad({ sources, faults, by, is_own, reason }) {
  const said = {
    hand: () => [is_own ? BAD.byYou : by ? BAD.by(by) : BAD.bySomebody, reason].filter(Boolean).join(": "),
    measured: () => (faults.length ? BAD.measuredAs(faults) : BAD.measured),
    files: () => BAD.files,
  };
  return sources.map((source) => said[source]()).join(" · ");
}

// What the button of a channel does: mark, take back, or nothing (null) where the mark is somebody else's.
export function actionOn(bad) {
  if (!bad?.sources.includes("hand")) return "mark";
  return bad.may_take_back ? "take-back" : null;
}
