// Reads what to compute from the standard input and prints what the figures below the traces make of it.

import { FigureMath } from "../../annotator/static/annotator/js/label/figuremath.js";
import { bandPowers, spectrogram, welch } from "../../annotator/static/annotator/js/label/spectrum.js";
import { ScalpGrid, flat, positionOf, splineMatrix, unflat } from "../../annotator/static/annotator/js/label/topomap.js";

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const asked = JSON.parse(Buffer.concat(chunks).toString());

const ANSWERS = {
  spectra: ({ samples, sfreq, segment, step }) => {
    const { freqs_hz, psd } = welch(samples, sfreq, { segment });
    const { times_s, power } = spectrogram(samples, sfreq, { segment, step });
    return { freqs_hz: [...freqs_hz], psd: [...psd], times_s, power: power.map((one) => [...one]), bands: bandPowers(freqs_hz, psd) };
  },
  course: ({ channels, sfreq, start_s, span }) => {
    const math = new FigureMath();
    math.setTile({ sfreq, start_s, channels: channels.map((samples, c) => ({ name: `E${c}`, kind: "eeg", scale_uv: 1, offset_uv: 0, samples: Float64Array.from(samples) })) });
    return math.compute({ span, shown: channels.map((_, c) => `E${c}`), channel: "E0", cursor_s: span.start_s, topic: "alpha" }).bands;
  },
  positions: ({ names }) => names.map(positionOf),
  paper: ({ points }) => points.map((point) => unflat(flat(point))),
  spline: ({ from, to }) => splineMatrix(from, to).map((row) => [...row]),
  grid: ({ from, values, size }) => new ScalpGrid(from, size).of(values),
};
console.log(JSON.stringify(asked.map(({ kind, ...more }) => ANSWERS[kind](more))));
