import assert from "node:assert/strict";
import { test } from "node:test";

import { FigureMath } from "../../annotator/static/annotator/js/label/figuremath.js";
import { bandsFigure, mapFigure, spectrogramFigure } from "../../annotator/static/annotator/js/label/figurespecs.js";
import { bandPowers, fft, segmentFor, shares } from "../../annotator/static/annotator/js/label/spectrum.js";
import { compactRows, plotHeight, TALL_ROWS } from "../../annotator/static/annotator/js/session/overviewrows.js";

const SFREQ = 128;
const ASKED = { origin_s: 100, span: { start_s: 102, stop_s: 112 } };
const NAMES = ["Fp1", "Fp2", "C3", "C4", "Pz", "Oz"];

// A sine of `hz` in every channel, of another height each: channel c has c + 1 times 10 µV; the last channel is no EEG.
function tileOf(hz, { seconds = 20, start_s = 100 } = {}) {
  const channels = [...NAMES, "ECG"].map((name, c) => ({
    name, kind: name === "ECG" ? "ecg" : "eeg", scale_uv: 0.1, offset_uv: 5,
    samples: Int16Array.from({ length: seconds * SFREQ }, (_, i) => Math.round(100 * (c + 1) * Math.sin((2 * Math.PI * hz * i) / SFREQ))),
  }));
  return { channels, sfreq: SFREQ, start_s };
}

function compute(tile, more = {}) {
  const math = new FigureMath();
  math.setTile(tile);
  const span = { start_s: tile.start_s + 2, stop_s: tile.start_s + 12 };
  return math.compute({ span, shown: NAMES, bad: [], channel: "Oz", cursor_s: tile.start_s + 6, topic: "alpha", ...more });
}

test("a transform needs a power of two", () => assert.throws(() => fft(new Float64Array(12), new Float64Array(12)), /power of two.*12/));

test("segments: the nearest power of two, no longer than what is there", () => {
  assert.deepEqual([segmentFor(128, 9999, 2), segmentFor(250, 9999, 2), segmentFor(128, 200, 2), segmentFor(128, 15, 2)], [256, 512, 128, 0]);
});

test("shares of a flat line, and of a rate that does not reach the highest band", () => {
  assert.deepEqual(shares([0, 0, 0, 0, 0]), [0, 0, 0, 0, 0]);
  const powers = bandPowers(Float64Array.from({ length: 21 }, (_, k) => k), new Float64Array(21).fill(1));
  assert.ok(Number.isNaN(powers[4]));
  assert.deepEqual(shares(powers).map((share) => Math.round(100 * share)), [15, 20, 25, 40, 0]);
});

test("a rhythm lies in its band, whatever its height", () => {
  for (const [hz, band] of [[2.5, 0], [6, 1], [10, 2], [20, 3], [38, 4]]) {
    const { bands } = compute(tileOf(hz));
    assert.equal(bands.n_channels, NAMES.length);
    assert.ok(bands.shares[band] > 0.97, `${hz} Hz: ${bands.shares}`);
  }
});

test("hidden and bad channels and what is no EEG do not count", () => {
  const { bands, map } = compute(tileOf(10), { shown: [...NAMES.slice(0, 5), "ECG"], bad: ["C4"] });
  assert.equal(bands.n_channels, 4);
  assert.deepEqual(map.names, ["Fp1", "Fp2", "C3", "Pz"]);
});

test("the spectrogram stands on the session's clock", () => {
  const { spectrogram } = compute(tileOf(10));
  assert.equal(spectrogram.channel, "Oz");
  assert.equal(spectrogram.times_s[0], 102.5); // the middle of the first second on screen
  assert.ok(spectrogram.times_s.at(-1) <= 111.5 && spectrogram.times_s.at(-1) > 111.3);
  assert.equal(spectrogram.db.length, spectrogram.freqs_hz.length);
  const strongest = spectrogram.db.map((row) => row[0]).reduce((best, value, k, all) => (value > all[best] ? k : best), 0);
  assert.equal(spectrogram.freqs_hz[strongest], 10);
});

test("the course of the bands stands on the session's clock, and is open where nothing was recorded", () => {
  const tile = tileOf(10);
  const half = 10 * SFREQ;
  for (const { samples } of tile.channels) {
    for (let i = half; i < half + 4 * SFREQ; i += 1) samples[i] = 0; // 110 s to 114 s: flat
    for (let i = half + 4 * SFREQ; i < samples.length; i += 1) samples[i] = Math.round(100 * Math.sin((2 * Math.PI * 20 * i) / SFREQ));
  }
  const { bands, spectrogram, map, isGap } = compute(tile, { span: { start_s: 100, stop_s: 120 }, cursor_s: 112 });
  assert.deepEqual([map, isGap], [null, true]);
  const open = spectrogram.times_s.filter((_, window) => spectrogram.db[0][window] === null);
  assert.ok(open[0] > 109.5 && open[0] < 109.8 && open.at(-1) > 114.3 && open.at(-1) < 114.7, `${open[0]} ${open.at(-1)}`);
  const picture = bandsFigure(bands, ASKED);
  assert.equal(picture.data.length, 10); // five bands before the gap and five after: nothing is drawn over it
  assert.ok(picture.data.every(({ y }) => y.every(Number.isFinite)));
  assert.deepEqual(picture.data.filter(({ showlegend }) => showlegend).length, 5);
  assert.equal(bands.times_s[0], 101);
  assert.ok(bands.times_s.at(-1) <= 119 && bands.times_s.at(-1) > 118.7);
  const [alpha, beta] = [bands.course[2], bands.course[3]];
  bands.times_s.forEach((time_s, at) => {
    if (time_s <= 109) assert.ok(alpha[at] > 0.97 && beta[at] < 0.02, `${time_s} s`);
    if (time_s > 109 && time_s < 115) assert.ok(Number.isNaN(alpha[at]) && Number.isNaN(beta[at]), `${time_s} s`);
    if (time_s > 115.1) assert.ok(beta[at] > 0.97 && alpha[at] < 0.02, `${time_s} s`);
  });
});

test("bands are of the rows on screen, the map of electrodes: of the recording where rows are differences", () => {
  const recorded = tileOf(10);
  const rows = [["Fp1-C3", 0, 2], ["C4-Oz", 3, 5]].map(([name, one, other]) => ({
    name, kind: "eeg", isBad: false, scale_uv: 1, offset_uv: 0,
    samples: Float32Array.from(recorded.channels[one].samples, (value, i) => 0.1 * (value - recorded.channels[other].samples[i])),
  }));
  const found = compute({ ...recorded, channels: rows, recorded: recorded.channels, isReferenced: false }, { shown: ["Fp1-C3", "C4-Oz"], channel: "C4-Oz", bad: ["Pz"] });
  assert.deepEqual([found.bands.n_channels, found.spectrogram.channel, found.map.isOfRows], [2, "C4-Oz", false]);
  assert.deepEqual(found.map.names, ["Fp1", "Fp2", "C3", "C4", "Oz"]);
  const referenced = compute({ ...recorded, recorded: recorded.channels });
  assert.equal(referenced.map.isOfRows, true);
});

test("filters that ring through a gap fill none of it in", () => {
  const recorded = tileOf(10);
  for (const { samples } of recorded.channels) samples.fill(7, 5 * SFREQ, 12 * SFREQ); // 105 s to 112 s
  const rows = recorded.channels.map((channel) => ({ ...channel, samples: Float32Array.from(channel.samples, (value, i) => value + 1e-9 * Math.sin(i)) }));
  const { bands, map } = compute({ ...recorded, channels: rows, recorded: recorded.channels }, { cursor_s: 108 });
  bands.times_s.forEach((time_s, at) => assert.equal(Number.isNaN(bands.course[0][at]), time_s > 104 && time_s < 113.05, `${time_s} s`));
  assert.equal(map, null);
  assert.equal(compute({ ...recorded, channels: rows, recorded: recorded.channels }, { span: { start_s: 106, stop_s: 111 } }).spectrogram, null);
});

test("a row that takes in a bad channel does not count", () => {
  const tile = tileOf(10);
  tile.channels[3].isBad = true;
  assert.equal(compute(tile).bands.n_channels, 5);
});

test("the map: power of a band around the cursor, amplitude at it", () => {
  const { map } = compute(tileOf(10));
  map.values.forEach((value, c) => assert.ok(Math.abs(value / (50 * (c + 1) ** 2) - 1) < 0.02, `${NAMES[c]}: ${value}`)); // a²/2
  const quarter = compute(tileOf(10), { topic: "amplitude", cursor_s: 106.0234375 }); // 3 samples on, where the sine is known
  quarter.map.values.forEach((value, c) => assert.ok(Math.abs(value - 10 * (c + 1) * Math.sin((2 * Math.PI * 10 * 771) / SFREQ)) < 0.1));
});

test("what can't be told is null", () => {
  const tile = tileOf(10);
  const none = compute(tile, { span: { start_s: 102, stop_s: 102.05 }, shown: NAMES.slice(0, 3) });
  assert.deepEqual([none.bands, none.spectrogram, none.map], [null, null, null]);
  assert.equal(compute(tile, { cursor_s: 130, topic: "amplitude" }).map, null);
});

test("each picture says its numbers in words", () => {
  const { bands, spectrogram, map } = compute(tileOf(10));
  assert.match(bandsFigure(bands, ASKED).words, /mean of 6 channels: delta \d.*, alpha (9\d(\.\d)?|100) %, beta.*\. Alpha is strongest at 1?\d\.\d s: \d+ %\.$/);
  const picture = spectrogramFigure(spectrogram, ASKED);
  assert.match(picture.words, /^Spectrogram of Oz: strongest at 10\.0 Hz, \d+\.\d dB on average\.$/);
  assert.deepEqual(picture.layout.xaxis.range, [2, 12]);
  assert.deepEqual(picture.layout.margin, bandsFigure(bands, ASKED).layout.margin); // the two stand in step
  assert.match(mapFigure(map).words, /^Map of alpha power at the cursor: highest at Oz 1799 µV², lowest at Fp1 50\.0 µV²\.$/);
});

test("every picture's colours are told apart by everybody", () => {
  const { spectrogram, map } = compute(tileOf(10));
  const scales = [spectrogramFigure(spectrogram, ASKED).data[0].colorscale, mapFigure(map).data[0].colorscale];
  assert.deepEqual(scales, ["Cividis", "Cividis"]);
});

test("the overview's rows", () => {
  assert.deepEqual(TALL_ROWS.map(({ top }) => top), [4, 30, 56, 72]);
  assert.deepEqual(compactRows(false).map(({ key }) => key), ["eeg", "face", "trials"]);
  assert.ok(plotHeight(compactRows(true)) < 56 && plotHeight(compactRows(false)) < plotHeight(compactRows(true)));
});
