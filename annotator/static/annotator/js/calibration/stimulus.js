// The course of a calibration's dot: a sum of slow sines whose phases come from a seed. The same as annotator/domain/lags.py.

export const LENGTH_S = 60;
const CYCLES = [2, 3, 5, 8, 13, 17]; // a minute

// mulberry32
export function phases(seed) {
  let state = seed | 0;
  return CYCLES.map(() => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  });
}

// Where it stands at a time, −1..1.
export function courseOf(seed) {
  const drawn = phases(seed);
  const weights = CYCLES.map((cycles) => 1 / Math.sqrt(cycles));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return (time_s) => CYCLES.reduce((sum, cycles, i) => sum + weights[i] * Math.sin(2 * Math.PI * ((cycles * time_s) / LENGTH_S + drawn[i])), 0) / total;
}
