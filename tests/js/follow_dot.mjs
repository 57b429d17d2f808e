// Reads { seeds, times, cases } from the standard input and prints what the calibration page makes of them.

import { estimate, sampled } from "../../annotator/static/annotator/js/calibration/lag.js";
import { courseOf } from "../../annotator/static/annotator/js/calibration/stimulus.js";

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { seeds, times, cases, events } = JSON.parse(Buffer.concat(chunks).toString());
console.log(JSON.stringify({
  courses: seeds.map((seed) => times.map(courseOf(seed))),
  lags: cases.map(({ reference, hand }) => estimate(reference, hand)),
  sampled: sampled(events, 60),
}));
