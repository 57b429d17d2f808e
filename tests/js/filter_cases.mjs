// Reads cases from the standard input, { filter, order, cut_hz, sfreq, samples, padding }, and prints what the traces' filters make of
// them: their sections and the samples gone through them.

import { bandStop, highPass, lowPass } from "../../annotator/static/annotator/js/eeg/butterworth.js";
import { POSITIONS } from "../../annotator/static/annotator/js/eeg/electrodes.js";
import { zeroPhase } from "../../annotator/static/annotator/js/eeg/zerophase.js";

const DESIGNS = { highpass: highPass, lowpass: lowPass, bandstop: bandStop };
const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const cases = JSON.parse(Buffer.concat(chunks).toString());
const filtered = cases.map(({ filter, order, cut_hz, sfreq, samples, padding }) => {
  const sos = DESIGNS[filter](order, cut_hz, sfreq);
  return { sos, samples: [...zeroPhase(sos, Float64Array.from(samples), padding)] };
});
console.log(JSON.stringify({ filtered, positions: Object.fromEntries(POSITIONS) }));
