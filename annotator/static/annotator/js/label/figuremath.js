// What the panel below the traces shows, as numbers: from the samples of a tile and what was asked. Pure, so that a worker runs it.
// Bands and spectrogram are of the rows on screen, through their montage and filters; the map is of electrodes, and where the rows are
// differences between two it is of the recording. Where nothing was recorded nothing is said, nor of any window that reaches there.

import { BANDS, HIGHEST_HZ, bandPowers, segmentFor, shares, spectrogram, welch } from "./spectrum.js";
import { ScalpGrid, flat, positionOf } from "./topomap.js";

const BAND_SEGMENT_S = 2;
const MOMENT_S = 2; // a band's power "at the cursor" is that of so much around it
const SPECTROGRAM_SEGMENT_S = 1;
const MOST_COLUMNS = 120;
const MOST_WINDOWS = 90;
const SHORTEST_STEP_S = 0.25;
const GRID_POINTS = 41;
const LEAST_ELECTRODES = 4;
const GAP_S = 0.25; // every channel holds its value for so long: nothing was recorded
const FLOOR_UV2_HZ = 1e-4; // a flat line has no logarithm

export const AMPLITUDE = "amplitude";

export class FigureMath {
  // channels: the rows on screen, [{ name, kind, isBad, scale_uv, offset_uv, samples }], isReferenced: each is of one electrode, all
  // against the same; recorded: the channels that they are made of
  setTile({ channels, recorded = channels, isReferenced = true, sfreq, start_s }) {
    Object.assign(this, { channels, recorded, isReferenced, sfreq, start_s });
    this.gaps = gapsOf(recorded.filter(({ kind }) => kind === "eeg"), Math.round(GAP_S * sfreq));
  }

  // span: what is on screen; shown: names of the channels there; bad: names to leave out; topic: AMPLITUDE or a band's key.
  compute({ span, shown, bad = [], channel, cursor_s, topic }) {
    const isIn = new Set(shown.filter((name) => !bad.includes(name)));
    const isGood = ({ name, kind, isBad }) => kind === "eeg" && !isBad && !bad.includes(name);
    const used = this.channels.filter((row) => isGood(row) && isIn.has(row.name));
    const map = this.#map(this.isReferenced ? used : this.recorded.filter(isGood), { span, cursor_s, topic });
    return {
      span,
      bands: this.#bands(used, span),
      spectrogram: this.#spectrogram(this.channels.find(({ name }) => name === channel), span),
      map: map && { ...map, isOfRows: this.isReferenced },
      isGap: this.#isGapAround(cursor_s),
    };
  }

  // Share of each band, averaged over the channels; null where there is too little to tell.
  #bands(channels, span) {
    const each = channels.map((channel) => this.#powers(this.#cut(channel, span))).filter(Boolean).map(shares);
    if (!each.length) return null;
    return { n_channels: each.length, shares: meanShares(each), ...this.#course(channels, span) };
  }

  // The same in windows of two seconds or so, as far as samples reach beyond the stretch up to its very ends: a list a band, on the
  // session's clock, NaN where a window touches a gap.
  #course(channels, span) {
    const [first, last] = this.#range(span);
    const segment = segmentFor(this.sfreq, last - first, BAND_SEGMENT_S);
    const from = Math.max(0, first - segment / 2);
    const to = Math.min(channels[0].samples.length, last + segment / 2);
    const step = Math.max(1, Math.round(SHORTEST_STEP_S * this.sfreq), Math.ceil((to - from - segment) / MOST_WINDOWS));
    const spectra = channels.map((channel) => spectrogram(this.#microvolts(channel, from, to), this.sfreq, { segment, step }));
    const times_s = spectra[0].times_s.map((time_s) => this.start_s + from / this.sfreq + time_s);
    const at = times_s.map((_, window) => {
      const begins = from + window * step;
      if (this.#isGap(begins, begins + segment)) return BANDS.map(() => NaN);
      return meanShares(spectra.map(({ freqs_hz, power }) => shares(bandPowers(freqs_hz, power[window]))));
    });
    return { times_s, course: BANDS.map((_, band) => at.map((one) => one[band])) };
  }

  #isGapAround(at_s) {
    return this.#isGap(...this.#range({ start_s: at_s - MOMENT_S / 2, stop_s: at_s + MOMENT_S / 2 }));
  }

  #isGap(from, to) {
    return this.gaps.some(([begins, ends]) => begins < to && from < ends);
  }

  #powers(samples_uv) {
    const segment = segmentFor(this.sfreq, samples_uv.length, BAND_SEGMENT_S);
    if (!segment) return null;
    const { freqs_hz, psd } = welch(samples_uv, this.sfreq, { segment });
    return bandPowers(freqs_hz, psd);
  }

  // dB relative to 1 µV²/Hz, a row a frequency.
  #spectrogram(channel, span) {
    const samples_uv = channel ? this.#cut(channel, span) : [];
    const segment = segmentFor(this.sfreq, samples_uv.length, SPECTROGRAM_SEGMENT_S);
    if (!segment) return null;
    const step = Math.max(1, Math.floor(segment / 8), Math.ceil((samples_uv.length - segment) / MOST_COLUMNS));
    const { freqs_hz, times_s, power } = spectrogram(samples_uv, this.sfreq, { segment, step });
    const [first] = this.#range(span);
    const isOpen = times_s.map((_, window) => this.#isGap(first + window * step, first + window * step + segment));
    const rows = [...freqs_hz.keys()].filter((k) => k > 0 && freqs_hz[k] <= HIGHEST_HZ);
    if (isOpen.every(Boolean)) return null;
    const first_s = this.start_s + first / this.sfreq;
    return {
      channel: channel.name,
      times_s: times_s.map((time_s) => first_s + time_s),
      freqs_hz: rows.map((k) => freqs_hz[k]),
      db: rows.map((k) => power.map((one, window) => (isOpen[window] ? null : 10 * Math.log10(Math.max(one[k], FLOOR_UV2_HZ))))),
    };
  }

  // Where the rows have no places on the head, of the recording.
  #map(channels, { span, cursor_s, topic }) {
    const placed = channels.map((channel) => ({ channel, position: positionOf(channel.name) })).filter(({ position }) => position);
    if (placed.length < LEAST_ELECTRODES) return null;
    if (this.#isGapAround(cursor_s)) return null;
    const values = placed.map(({ channel }) => (topic === AMPLITUDE ? this.#amplitude(channel, span, cursor_s) : this.#power(channel, cursor_s, topic)));
    if (!values.every(Number.isFinite)) return null;
    const names = placed.map(({ channel }) => channel.name);
    return { topic, names, values, places: placed.map(({ position }) => flat(position)), rows: this.#grid(names, placed).of(values) };
  }

  #grid(names, placed) {
    const key = names.join();
    if (this.gridKey !== key) Object.assign(this, { gridKey: key, grid: new ScalpGrid(placed.map(({ position }) => position), GRID_POINTS) });
    return this.grid;
  }

  // µV at the cursor, the mean of what is on screen taken off.
  #amplitude(channel, span, cursor_s) {
    const at = Math.round((cursor_s - this.start_s) * this.sfreq);
    if (at < 0 || at >= channel.samples.length) return NaN;
    const seen = this.#cut(channel, span);
    const mean = seen.reduce((sum, value) => sum + value, 0) / seen.length;
    return channel.offset_uv + channel.scale_uv * channel.samples[at] - mean;
  }

  // µV² of a band around the cursor.
  #power(channel, cursor_s, topic) {
    const powers = this.#powers(this.#cut(channel, { start_s: cursor_s - MOMENT_S / 2, stop_s: cursor_s + MOMENT_S / 2 }));
    return powers ? powers[BANDS.findIndex(({ key }) => key === topic)] : NaN;
  }

  #range({ start_s, stop_s }) {
    const n = this.channels[0]?.samples.length ?? 0;
    const at = (time_s) => Math.min(n, Math.max(0, Math.round((time_s - this.start_s) * this.sfreq)));
    return [at(start_s), at(stop_s)];
  }

  #cut(channel, span) {
    return this.#microvolts(channel, ...this.#range(span));
  }

  #microvolts({ samples, scale_uv, offset_uv }, from, to) {
    return Float64Array.from(samples.subarray(from, to), (value) => offset_uv + scale_uv * value);
  }
}

// [first sample, one behind the last] of each stretch in which every channel holds its value for so many samples.
function gapsOf(channels, fewest) {
  const found = [];
  const n = channels[0]?.samples.length ?? 0;
  let begins = 0;
  for (let i = 1; i <= n; i += 1) {
    if (i < n && channels.every(({ samples }) => samples[i] === samples[i - 1])) continue;
    if (i - begins >= fewest) found.push([begins, i]);
    begins = i;
  }
  return found;
}

// Of each band the mean over the channels; NaN where there is none.
function meanShares(each) {
  return BANDS.map((_, band) => each.reduce((sum, one) => sum + one[band], 0) / each.length);
}
