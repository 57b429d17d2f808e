// Every sentence that the answer widgets say.

import { fill, gettext } from "../../words.js";

const percent = (share) => Math.floor(share * 100 + 1e-9);

export const WORDS = {
  none: gettext("none of these"),
  howStrong: (emotion) => fill(gettext("How strong: %(emotion)s"), { emotion }),
  chooseEmotion: gettext("Choose an emotion, then how strong it is."),
  notThere: gettext("not there"),
  intensity: (emotion, level, levels) => fill(level ? gettext("%(emotion)s, %(level)s of %(levels)s") : gettext("%(emotion)s, not there"), { emotion, level, levels }),
  cell: ({ classes: [left, right, bottom, top], levels }, [column, row]) =>
    fill(gettext("%(left)s to %(right)s %(column)s of %(levels)s, %(bottom)s to %(top)s %(row)s of %(levels)s"), { left, right, bottom, top, column, row, levels }),
  notSet: gettext("not set"),
  vasHint: gettext("Click the line, or use the arrow keys."),
  vasPart: (low, high) => fill(gettext("%(low)s to %(high)s"), { low, high }),
  traceParts: [gettext("low"), gettext("middle"), gettext("high")],
  covered: (share) => fill(gettext("%(percent)s % of the clip"), { percent: percent(share) }),
  notRecorded: gettext("not recorded yet"),
  record: gettext("Record"),
  recordAgain: gettext("Record again from here"),
  recordWhole: gettext("Record again"),
  goOn: gettext("Record the rest"),
  stop: gettext("Stop"),
  acceptGaps: gettext("It may have gaps"),
  gaps: (share) => fill(gettext("%(percent)s % of the clip: record the rest, or tick that it may have gaps."), { percent: percent(share) }),
  stored: (share) => fill(gettext("stored, %(percent)s % of the clip"), { percent: percent(share) }),
  countdown: (title, n) => fill(gettext("%(title)s in %(n)s"), { title, n }),
  leading: gettext("Mouse, wheel or ↑ ↓. Space pauses, Esc ends."),
  interrupted: {
    blur: gettext("Paused: this window lost the focus. It goes on when you come back."),
    stall: gettext("Paused: the video is loading. It goes on by itself."),
    pause: gettext("Paused. Space goes on."),
  },
  recorded: (title, share) => fill(gettext("%(title)s: %(percent)s % of the clip recorded."), { title, percent: percent(share) }),
  curve: (title, share) => fill(gettext("%(title)s as recorded, %(percent)s % of the clip"), { title, percent: percent(share) }),
};
