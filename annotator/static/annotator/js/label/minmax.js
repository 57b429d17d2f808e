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

// Median of samples[from..to); a typed copy sorts numerically and fast.
export function median(samples, from = 0, to = samples.length) {
  const part = samples.slice(Math.max(0, Math.floor(from)), Math.min(samples.length, Math.ceil(to)));
  if (part.length === 0) return NaN;
  part.sort();
  const middle = part.length >> 1;
  return part.length % 2 ? part[middle] : (part[middle - 1] + part[middle]) / 2;
}

// A round number not above the wanted one, for scale bars: 1, 2, 5 · 10^n.
export function niceBelow(wanted) {
  const decade = 10 ** Math.floor(Math.log10(wanted) + 1e-9);
  return [5, 2, 1].map((factor) => factor * decade).find((value) => value <= wanted * 1.0001);
}
