// Least and greatest sample of every pixel column: what a trace looks like at this width, without drawing every point.

// samples: Int16Array of one channel; columns cover [first, first + n_columns · per_column) in samples (may be fractional).
// Returns Float32Array of 2 · n_columns: min, max, …; NaN where the column lies outside the data.
export function columnExtremes(samples, { first, perColumn, nColumns }, out = new Float32Array(2 * nColumns)) {
  for (let column = 0; column < nColumns; column += 1) {
    const from = Math.ceil(first + column * perColumn);
    const to = Math.ceil(first + (column + 1) * perColumn);
    let low = NaN;
    let high = NaN;
    for (let i = Math.max(from, 0), end = Math.min(to, samples.length); i < end; i += 1) {
      const value = samples[i];
      if (!(value >= low)) low = value;
      if (!(value <= high)) high = value;
    }
    out[2 * column] = low;
    out[2 * column + 1] = high;
  }
  return out;
}

// The same with the line between samples: a column reaches to where the trace enters and leaves it, so that neighbours touch.
export function columnReach(samples, { first, perColumn, nColumns }, out = new Float32Array(2 * nColumns)) {
  columnExtremes(samples, { first, perColumn, nColumns }, out);
  let enters = between(samples, first);
  for (let column = 0; column < nColumns; column += 1) {
    const leaves = between(samples, first + (column + 1) * perColumn);
    for (const value of [enters, leaves]) {
      if (value < out[2 * column] || Number.isNaN(out[2 * column])) out[2 * column] = value;
      if (value > out[2 * column + 1] || Number.isNaN(out[2 * column + 1])) out[2 * column + 1] = value;
    }
    enters = leaves;
  }
  return out;
}

// The value on the line between two samples; NaN outside the data and beside a gap.
function between(samples, at) {
  const before = Math.floor(at);
  const share = at - before;
  if (before < 0 || before >= samples.length) return NaN;
  if (share < 1e-9) return samples[before];
  return before + 1 < samples.length ? samples[before] + share * (samples[before + 1] - samples[before]) : NaN;
}

// The same of an envelope, { low, high }: every bin that a column touches counts, so that no extreme is lost between two.
export function columnBins({ low, high }, { first, perColumn, nColumns }, out = new Float32Array(2 * nColumns)) {
  for (let column = 0; column < nColumns; column += 1) {
    const from = Math.floor(first + column * perColumn + 1e-9);
    const to = Math.max(from + 1, Math.ceil(first + (column + 1) * perColumn - 1e-9));
    let least = NaN;
    let greatest = NaN;
    for (let i = Math.max(from, 0), end = Math.min(to, low.length); i < end; i += 1) {
      if (!(low[i] >= least)) least = low[i];
      if (!(high[i] <= greatest)) greatest = high[i];
    }
    out[2 * column] = least;
    out[2 * column + 1] = greatest;
  }
  return out;
}

// A round number not above the wanted one, for scale bars: 1, 2, 5 · 10^n.
export function niceBelow(wanted) {
  const decade = 10 ** Math.floor(Math.log10(wanted) + 1e-9);
  return [5, 2, 1].map((factor) => factor * decade).find((value) => value <= wanted * 1.0001);
}
