// What is said of marks: bad channels and intervals.

import { fill, gettext } from "../words.js";

// Names as mlcore has them (QualityFault), in the page's language.
const FAULTS = {
  flat: gettext("flat"), saturated: gettext("saturated"), "line noise": gettext("line noise"), muscle: gettext("muscle"), "drop-out": gettext("drop-out"),
  "electrode pop": gettext("electrode pop"), "gap in time": gettext("gap in time"), "no face": gettext("no face"), "small face": gettext("small face"), blur: gettext("blur"),
  "turned head": gettext("turned head"), occluded: gettext("occluded"), exposure: gettext("exposure"), "frozen picture": gettext("frozen picture"),
  "dropped frames": gettext("dropped frames"),
};

export const faultName = (fault) => FAULTS[fault] ?? fault;

export const BAD = {
  byYou: gettext("marked as bad by you"),
  bySomebody: gettext("marked as bad by another annotator"),
  by: (who) => fill(gettext("marked as bad by %(who)s"), { who }),
  measured: gettext("measured as bad"),
  measuredAs: (faults) => fill(gettext("measured as bad: %(faults)s"), { faults: faults.map(faultName).join(", ") }),
  files: gettext("bad by its files"),
  mark: (name) => fill(gettext("%(name)s is bad"), { name }),
  does: { mark: gettext("mark as bad (M)"), "take-back": gettext("take the mark back (M)") },
  reasonOf: (name) => fill(gettext("Why is %(name)s bad?"), { name }),
  counts: gettext("Marked. What is learnt leaves it out from the session’s next rebuild or import on."),
};

export const INTERVALS = {
  kinds: { artefact: gettext("artefact"), event: gettext("event") },
  allChannels: gettext("all channels"),
  begun: (from) => fill(gettext("Interval from %(from)s s: go to its end and press I again; Esc drops it."), { from }),
  tooShort: gettext("That was one moment: an interval needs a beginning and an end."),
  badRange: gettext("An interval must begin before it ends, within what is shown."),
  edit: gettext("go there and change it"),
  by: (who) => fill(gettext("by %(who)s: go there"), { who }),
  failed: (why) => fill(gettext("Not stored: %(why)s Try again."), { why }),
};
