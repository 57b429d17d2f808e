// What is said of marks: bad channels and intervals.

export const BAD = {
  you: "you",
  somebody: "another annotator",
  markedBy: (who) => `marked as bad by ${who}`,
  measured: "measured as bad",
  files: "bad by its files",
  mark: (name) => `${name} is bad`,
  does: { mark: "mark as bad (M)", "take-back": "take the mark back (M)" },
  reasonOf: (name) => `Why is ${name} bad?`,
  counts: "Marked. What is learnt leaves it out from the session’s next rebuild or import on.",
};

export const INTERVALS = {
  kinds: { artefact: "artefact", event: "event" },
  allChannels: "all channels",
  begun: (from) => `Interval from ${from} s: go to its end and press I again; Esc drops it.`,
  tooShort: "That was one moment: an interval needs a beginning and an end.",
  badRange: "An interval must begin before it ends, within what is shown.",
  edit: "go there and change it",
  by: (who) => `by ${who}: go there`,
  failed: (why) => `Not stored: ${why} Try again.`,
};
