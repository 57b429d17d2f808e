// What the session's pages say beside what the workbench says already (label/strings.js).

export const SAYS = {
  noEeg: "This session has no EEG traces to show.",
  noVideo: "This session has no video. The cursor moves by its own clock.",
  loading: "Loading the traces …",
  failed: (why) => `The traces could not be loaded. ${why}`,
  failedVideo: (why) => `The video could not be loaded${why ? ` (${why})` : ""}. The traces can still be looked at.`,
};
