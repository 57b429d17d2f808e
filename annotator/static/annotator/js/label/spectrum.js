// Power spectra of samples: FFT, Welch, spectrogram, bands. Pure; powers are densities, one-sided, in µV²/Hz of µV.

export const BANDS = [
  { key: "delta", low_hz: 1, high_hz: 4 },
  { key: "theta", low_hz: 4, high_hz: 8 },
  { key: "alpha", low_hz: 8, high_hz: 13 },
  { key: "beta", low_hz: 13, high_hz: 30 },
  { key: "gamma", low_hz: 30, high_hz: 45 },
];
export const HIGHEST_HZ = BANDS.at(-1).high_hz;

// In place, radix 2: `re` and `im` hold a power of two of numbers.
export function fft(re, im) {
  const n = re.length;
  if (n & (n - 1)) throw new RangeError(`fft: expected a power of two of samples, got ${n}`);
  reorder(re, im);
  for (let half = 1; half < n; half *= 2) {
    const turn = -Math.PI / half;
    for (let k = 0; k < half; k += 1) {
      const cos = Math.cos(turn * k);
      const sin = Math.sin(turn * k);
      for (let at = k; at < n; at += 2 * half) {
        const other = at + half;
        const real = cos * re[other] - sin * im[other];
        const imaginary = cos * im[other] + sin * re[other];
        re[other] = re[at] - real;
        im[other] = im[at] - imaginary;
        re[at] += real;
        im[at] += imaginary;
      }
    }
  }
}

function reorder(re, im) {
  for (let i = 1, j = 0; i < re.length; i += 1) {
    let bit = re.length >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [re[i], re[j]] = [re[j], re[i]];
      [im[i], im[j]] = [im[j], im[i]];
    }
  }
}

// The power of two of samples nearest to so many seconds that the stretch still holds; 0 where it holds fewer than 16.
export function segmentFor(sfreq, nSamples, seconds) {
  const wanted = 2 ** Math.round(Math.log2(sfreq * seconds));
  const most = 2 ** Math.floor(Math.log2(Math.max(1, nSamples)));
  const segment = Math.min(wanted, most);
  return segment >= 16 ? segment : 0;
}

// Of each segment (its mean taken off, a periodic Hann window): densities by frequency, and the middle of the segment in s.
export function spectrogram(samples, sfreq, { segment, step = segment / 2 }) {
  const window = hann(segment);
  const scale = 1 / (sfreq * window.reduce((sum, value) => sum + value * value, 0));
  const times_s = [];
  const power = [];
  for (let from = 0; from + segment <= samples.length; from += step) {
    times_s.push((from + segment / 2) / sfreq);
    power.push(density(samples, from, window, scale));
  }
  return { freqs_hz: Float64Array.from({ length: segment / 2 + 1 }, (_, k) => (k * sfreq) / segment), times_s, power };
}

function hann(n) {
  return Float64Array.from({ length: n }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / n));
}

function density(samples, from, window, scale) {
  const n = window.length;
  let mean = 0;
  for (let i = 0; i < n; i += 1) mean += samples[from + i] / n;
  const re = window.map((weight, i) => weight * (samples[from + i] - mean));
  const im = new Float64Array(n);
  fft(re, im);
  return Float64Array.from({ length: n / 2 + 1 }, (_, k) => (re[k] * re[k] + im[k] * im[k]) * scale * (k === 0 || k === n / 2 ? 1 : 2));
}

// The mean over half-overlapping segments (Welch 1967).
export function welch(samples, sfreq, { segment }) {
  const { freqs_hz, power } = spectrogram(samples, sfreq, { segment });
  const psd = new Float64Array(freqs_hz.length);
  for (const one of power) one.forEach((value, k) => { psd[k] += value / power.length; });
  return { freqs_hz, psd };
}

// µV² in each band; frequencies from low to below high. NaN for a band that the rate does not reach.
export function bandPowers(freqs_hz, psd) {
  const bin_hz = freqs_hz[1] - freqs_hz[0];
  return BANDS.map(({ low_hz, high_hz }) => {
    if (freqs_hz.at(-1) < low_hz) return NaN;
    return psd.reduce((sum, value, k) => (freqs_hz[k] >= low_hz && freqs_hz[k] < high_hz ? sum + value * bin_hz : sum), 0);
  });
}

// Of the power in all bands; all 0 for a flat line.
export function shares(powers) {
  const total = powers.reduce((sum, value) => sum + (Number.isFinite(value) ? value : 0), 0);
  return powers.map((value) => (total > 0 && Number.isFinite(value) ? value / total : 0));
}
