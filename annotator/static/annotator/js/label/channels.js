// Channel names → region, side and order on the stack: front to back, within a region left, midline, right.

export const REGIONS = ["frontopolar", "frontal", "central", "temporal", "parietal", "occipital", "other", "aux"];

export function isAux(channel) {
  return channel.kind !== "eeg";
}

export function shortName(channel) {
  return channel.name.replace(/^eeg[ _-]+/i, "");
}

export function regionOf(channel) {
  if (isAux(channel)) return "aux";
  const name = shortName(channel);
  if (/^(fp|af)/i.test(name)) return "frontopolar";
  if (/^(t\d|t[hp]?\d|ft|tp)/i.test(name)) return "temporal";
  if (/^(fc|c)(z|\d)/i.test(name)) return "central";
  if (/^f(z|\d)/i.test(name)) return "frontal";
  if (/^(po|o|i)(z|\d)/i.test(name)) return "occipital";
  if (/^(cp|p)(z|\d)/i.test(name)) return "parietal";
  return "other";
}

// Odd numbers lie left, even right, z on the midline; a row of two electrodes brings its side along.
export function sideOf(channel) {
  if (channel.side) return channel.side;
  if (isAux(channel)) return "aux";
  if (regionOf(channel) === "other") return "mid"; // a number that says nothing of a side
  const digits = channel.name.match(/(\d+)\D*$/);
  if (!digits) return "mid";
  return Number(digits[1]) % 2 ? "left" : "right";
}

export function stackOrder(channels) {
  const sides = ["left", "mid", "right", "aux"];
  const rank = (channel) => REGIONS.indexOf(regionOf(channel)) * 10 + sides.indexOf(sideOf(channel));
  return channels.map((_, index) => index).sort((a, b) => rank(channels[a]) - rank(channels[b]) || a - b);
}
