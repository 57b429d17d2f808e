// What the panel below the traces says.

import { fill, gettext, ngettext } from "../words.js";

const BANDS = { delta: gettext("delta"), theta: gettext("theta"), alpha: gettext("alpha"), beta: gettext("beta"), gamma: gettext("gamma") };

export const FIGURES = {
  bandName: (key) => BANDS[key] ?? key,
  band: (key, low_hz, high_hz) => `${BANDS[key] ?? key} ${low_hz}–${high_hz}`,
  topics: {
    amplitude: gettext("amplitude"), delta: gettext("delta power"), theta: gettext("theta power"), alpha: gettext("alpha power"), beta: gettext("beta power"), gamma: gettext("gamma power"),
  },
  bandsWords: (list, n) => fill(ngettext("Share of the power in each band, mean of %(n)s channel: %(list)s.", "Share of the power in each band, mean of %(n)s channels: %(list)s.", n), { n, list }),
  strongestWords: (at_s, percent) => fill(gettext("Alpha is strongest at %(at_s)s s: %(percent)s %."), { at_s, percent }),
  mapOfRecorded: gettext("as recorded: the rows are differences"),
  gap: gettext("Nothing was recorded at the cursor."),
  spectrogramWords: (channel, hz, db) => fill(gettext("Spectrogram of %(channel)s: strongest at %(hz)s Hz, %(db)s dB on average."), { channel, hz, db }),
  mapWords: (topic, high, low) => fill(gettext("Map of %(topic)s at the cursor: highest at %(high)s, lowest at %(low)s."), { topic, high, low }),
  tooShort: gettext("Too little is on screen to tell."),
  tooFew: gettext("Too few channels on screen have a place on the head."),
  tooLong: gettext("Zoom in to a minute or less: longer views hold no samples."),
  noSamples: gettext("There are no samples here: these figures need a clip with EEG."),
  noLibrary: gettext("The figures could not be loaded. Close the panel and open it again."),
};
