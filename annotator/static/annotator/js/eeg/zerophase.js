// Sections run forward and backward over samples: no phase shift. Pure. As scipy.signal.sosfiltfilt with odd extension, but a gap
// (NaN) stays a gap and what lies on either side of it is filtered by itself.

// samples: a typed array, NaN where nothing was recorded; padding: samples mirrored at either end. → Float64Array
export function zeroPhase(sos, samples, padding) {
  const filtered = Float64Array.from(samples);
  if (!sos.length) return filtered;
  for (const [from, to] of runsOf(filtered)) filtered.set(filtFilt(sos, filtered.subarray(from, to), padding), from);
  return filtered;
}

// [[from, to), …] of what was recorded.
export function runsOf(samples) {
  const runs = [];
  let from = -1;
  for (let i = 0; i <= samples.length; i += 1) {
    const isThere = i < samples.length && !Number.isNaN(samples[i]);
    if (isThere && from < 0) from = i;
    if (!isThere && from >= 0) {
      runs.push([from, i]);
      from = -1;
    }
  }
  return runs;
}

function filtFilt(sos, samples, padding) {
  const reach = Math.min(padding, samples.length - 1);
  const extended = mirrored(samples, reach);
  const steady = steadyStates(sos);
  run(sos, extended, steady);
  extended.reverse();
  run(sos, extended, steady);
  extended.reverse();
  return extended.subarray(reach, reach + samples.length);
}

// Turned about its end points, so that neither value nor slope jumps there.
function mirrored(samples, reach) {
  const n = samples.length;
  const extended = new Float64Array(n + 2 * reach);
  extended.set(samples, reach);
  for (let i = 1; i <= reach; i += 1) {
    extended[reach - i] = 2 * samples[0] - samples[i];
    extended[reach + n - 1 + i] = 2 * samples[n - 1] - samples[n - 1 - i];
  }
  return extended;
}

// In place, section by section, beginning in the state that the first sample would have led to had it lasted for ever.
function run(sos, samples, steady) {
  const first = samples[0];
  sos.forEach(([b0, b1, b2, , a1, a2], section) => {
    let [early, late] = steady[section].map((state) => state * first);
    for (let i = 0; i < samples.length; i += 1) {
      const x = samples[i];
      const y = b0 * x + early;
      early = b1 * x - a1 * y + late;
      late = b2 * x - a2 * y;
      samples[i] = y;
    }
  });
}

// The states of each section (transposed direct form II) under a constant input of one.
export function steadyStates(sos) {
  let level = 1;
  return sos.map(([b0, b1, b2, , a1, a2]) => {
    const early = (b1 - a1 * b0 + b2 - a2 * b0) / (1 + a1 + a2);
    const late = (1 + a1) * early - (b1 - a1 * b0);
    const states = [level * early, level * late];
    level *= (b0 + b1 + b2) / (1 + a1 + a2);
    return states;
  });
}
