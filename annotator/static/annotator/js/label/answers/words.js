// Every sentence that the answer widgets say.

const per_cent = (share) => `${Math.floor(share * 100 + 1e-9)} %`;

export const WORDS = {
  none: "none of these",
  howStrong: (emotion) => `How strong: ${emotion}`,
  chooseEmotion: "Choose an emotion, then how strong it is.",
  notThere: "not there",
  intensity: (emotion, level, levels) => (level ? `${emotion}, ${level} of ${levels}` : `${emotion}, not there`),
  cell: (dimension, [column, row]) => `${dimension.classes[0]} to ${dimension.classes[1]} ${column} of ${dimension.levels}, ${dimension.classes[2]} to ${dimension.classes[3]} ${row} of ${dimension.levels}`,
  notSet: "not set",
  vasHint: "Click the line, or use the arrow keys.",
  traceParts: ["low", "middle", "high"],
  covered: (share) => `${per_cent(share)} of the clip`,
  notRecorded: "not recorded yet",
  record: "Record",
  recordAgain: "Record again from here",
  recordWhole: "Record again",
  goOn: "Record the rest",
  stop: "Stop",
  acceptGaps: "It may have gaps",
  gaps: (share) => `${per_cent(share)} of the clip: record the rest, or tick that it may have gaps.`,
  stored: (share) => `stored, ${per_cent(share)} of the clip`,
  countdown: (title, n) => `${title} in ${n}`,
  leading: "Mouse, wheel or ↑ ↓. Space pauses, Esc ends.",
  interrupted: {
    blur: "Paused: this window lost the focus. It goes on when you come back.",
    stall: "Paused: the video is loading. It goes on by itself.",
    pause: "Paused. Space goes on.",
  },
  recorded: (title, share) => `${title}: ${per_cent(share)} of the clip recorded.`,
  curve: (title, share) => `${title} as recorded, ${per_cent(share)} of the clip`,
};
