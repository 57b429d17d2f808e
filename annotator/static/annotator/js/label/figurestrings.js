// What the panel below the traces says.

export const FIGURES = {
  band: (key, low_hz, high_hz) => `${key} ${low_hz}–${high_hz}`,
  topics: { amplitude: "amplitude", delta: "delta power", theta: "theta power", alpha: "alpha power", beta: "beta power", gamma: "gamma power" },
  bandsWords: (list, n) => `Share of the power in each band, mean of ${n} ${n === 1 ? "channel" : "channels"}: ${list}.`,
  strongestWords: (at_s, percent) => `Alpha is strongest at ${at_s} s: ${percent} %.`,
  mapOfRecorded: "map as recorded",
  spectrogramWords: (channel, hz, db) => `Spectrogram of ${channel}: strongest at ${hz} Hz, ${db} dB on average.`,
  mapWords: (topic, high, low) => `Map of ${topic} at the cursor: highest at ${high}, lowest at ${low}.`,
  tooShort: "Too little is on screen to tell.",
  tooFew: "Too few channels on screen have a place on the head.",
  tooLong: "Zoom in to a minute or less: longer views hold no samples.",
  noSamples: "There are no samples here: these figures need a clip with EEG.",
  noLibrary: "The figures could not be loaded. Close the panel and open it again.",
};
