// What a trace swings around, and by how much: summed up once per tile, so that scrolling costs next to nothing. Pure.

const BLOCK = 64; // samples or bins

const kept = new WeakMap();

// The means of whole blocks; NaN where a block has a gap or is the broken last one without any sample.
function blockMeans(samples) {
  if (kept.has(samples)) return kept.get(samples);
  const means = new Float32Array(Math.ceil(samples.length / BLOCK));
  for (let block = 0; block < means.length; block += 1) {
    const to = Math.min(samples.length, (block + 1) * BLOCK);
    let sum = 0;
    for (let i = block * BLOCK; i < to; i += 1) sum += samples[i];
    means[block] = sum / (to - block * BLOCK);
  }
  kept.set(samples, means);
  return means;
}

// The median of the blocks that samples [from, to) touch: one wild stretch does not move it. NaN outside the data.
export function baselineOf(channel, from, to) {
  if (channel.samples) return middle(blockMeans(channel.samples), from, to);
  return (middle(blockMeans(channel.low), from, to) + middle(blockMeans(channel.high), from, to)) / 2;
}

function middle(means, from, to) {
  const part = means.slice(Math.max(0, Math.floor(from / BLOCK)), Math.max(0, Math.ceil(to / BLOCK))).filter((mean) => !Number.isNaN(mean));
  if (!part.length) return NaN;
  part.sort();
  const half = part.length >> 1;
  return part.length % 2 ? part[half] : (part[half - 1] + part[half]) / 2;
}

const deviations = new WeakMap();

// The standard deviation of all samples that are loaded, in µV; NaN for an envelope.
export function deviationOf({ samples, scale_uv }) {
  if (!samples) return NaN;
  if (!deviations.has(samples)) deviations.set(samples, deviation(samples));
  return deviations.get(samples) * scale_uv;
}

function deviation(samples) {
  let n = 0;
  let mean = 0;
  let squares = 0;
  for (const value of samples) {
    if (Number.isNaN(value)) continue;
    n += 1;
    const off = value - mean;
    mean += off / n;
    squares += off * (value - mean);
  }
  return n ? Math.sqrt(squares / n) : NaN;
}
