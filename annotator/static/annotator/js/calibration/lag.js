// The delay at which a hand's correlation with what it followed is highest. The same as annotator/domain/lags.py, whose word counts.

export const SFREQ = 20;
const MAX_LAG_S = 2.5;

// null in `hand`: not seen
export function estimate(reference, hand, sfreq = SFREQ) {
  const nLags = Math.min(Math.round(MAX_LAG_S * sfreq), reference.length - 2);
  const found = Array.from({ length: nLags + 1 }, (_, shift) => pearson(reference.slice(0, reference.length - shift), hand.slice(shift)));
  const best = found.indexOf(Math.max(...found));
  const { offset, peak } = peakAround(found, best);
  return { lag_ms: (1000 * (best + offset)) / sfreq, correlation: peak };
}

function pearson(x, y) {
  const at = [...y.keys()].filter((i) => y[i] !== null);
  if (at.length < 2) return 0;
  const mean = (values) => at.reduce((sum, i) => sum + values[i], 0) / at.length;
  const [mx, my] = [mean(x), mean(y)];
  let [xy, xx, yy] = [0, 0, 0];
  for (const i of at) {
    xy += (x[i] - mx) * (y[i] - my);
    xx += (x[i] - mx) ** 2;
    yy += (y[i] - my) ** 2;
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : 0;
}

// The top of the parabola through three neighbours.
function peakAround(found, best) {
  const [before, middle, after] = [found[best - 1], found[best], found[best + 1]];
  const bend = before - 2 * middle + after;
  if (!(bend < 0)) return { offset: 0, peak: middle };
  const offset = (0.5 * (before - after)) / bend;
  return { offset, peak: middle - 0.25 * (before - after) * offset };
}

// The value that stood at each moment of the minute; null where nobody looked.
export function sampled({ stimulus_s, value, device }, length_s, sfreq = SFREQ) {
  let at = -1;
  return Array.from({ length: Math.round(length_s * sfreq) }, (_, i) => {
    while (at + 1 < stimulus_s.length && stimulus_s[at + 1] <= i / sfreq) at += 1;
    return at >= 0 && device[at] !== "e" ? value[at] : null;
  });
}
