// A recorded trace at a fixed rate: each value is the mean of what stood during its interval, NaN where less than half of it was seen.
// The same as mlcore.signals.traces.resample_held.

// edges: n + 1 rising times; returns n values
export function resampleHeld({ video_s, value, device }, edges) {
  const sums = new Float64Array(edges.length - 1);
  const seen = new Float64Array(edges.length - 1);
  for (let i = 0; i + 1 < device.length; i += 1) {
    if (device[i] !== "e") addHeld(sums, seen, edges, { from_s: video_s[i], to_s: video_s[i + 1], value: value[i] });
  }
  return Array.from(sums, (sum, i) => (seen[i] >= 0.5 * (edges[i + 1] - edges[i]) ? sum / seen[i] : NaN));
}

function addHeld(sums, seen, edges, { from_s, to_s, value }) {
  for (let i = 0; i < sums.length; i += 1) {
    const overlap_s = Math.min(to_s, edges[i + 1]) - Math.max(from_s, edges[i]);
    if (overlap_s <= 0) continue;
    sums[i] += overlap_s * value;
    seen[i] += overlap_s;
  }
}

// n equal intervals of a clip
export function edgesOf({ start_s, stop_s }, n) {
  return Array.from({ length: n + 1 }, (_, i) => start_s + ((stop_s - start_s) * i) / n);
}
