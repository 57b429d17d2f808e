// What the session's pages say beside what the workbench says already (label/strings.js).

import { fill, gettext } from "../words.js";

export const SAYS = {
  noEeg: gettext("This session has no EEG traces to show."),
  noVideo: gettext("This session has no video. The cursor moves by its own clock."),
  loading: gettext("Loading the traces …"),
  failed: (why) => fill(gettext("The traces could not be loaded. %(why)s"), { why }),
  failedVideo: (why) => (why
    ? fill(gettext("The video could not be loaded (%(why)s). The traces can still be looked at."), { why })
    : gettext("The video could not be loaded. The traces can still be looked at.")),
};

// What the sync page says.
export const SYNC = {
  noPoint: gettext("Set at least one point."),
  drifts: (percent, most) => fill(gettext("The points contradict each other: they ask for clocks that drift by %(percent)s %, and real ones differ by less than %(most)s %."), { percent, most }),
  slips: (seconds) => fill(gettext("The points contradict each other by %(seconds)s s: one of them names another moment."), { seconds }),
  pointSet: (video_s, eeg_s) => fill(gettext("Point set: video %(video_s)s s, EEG %(eeg_s)s s."), { video_s, eeg_s }),
  inForce: gettext("These points are in force."),
  moves: (first, last) => fill(gettext("Against the EEG the face moves by %(first)s ms at the start and %(last)s ms at the end."), { first, last }),
  keepsDrift: gettext("The drift stays what the files say: points at least 10 s apart would tell it."),
  rareDrift: (drift) => fill(gettext("Clocks rarely drift by %(drift)s: check the points."), { drift }),
  at: {
    video: (seconds) => fill(gettext("video %(seconds)s seconds"), { seconds }),
    eeg: (seconds) => fill(gettext("EEG %(seconds)s seconds"), { seconds }),
  },
  notMeasured: gettext("not measured"),
  goThere: gettext("Go there"),
  goTo: (number) => fill(gettext("Go to point %(number)s"), { number }),
  remove: gettext("Remove"),
  removeThe: (number) => fill(gettext("Remove point %(number)s"), { number }),
};
