// Where the electrodes of the 10–10 system lie: unit vectors, x to the right ear, y to the nose, z to the vertex. Pure.

// The left half and the midline by the standard angles in degrees: from the vertex down (negative: to the left), and
// round it (positive: to the front on the right, hence the signs). The right half is the mirror of the left.
const ANGLES = `
Fpz 92 90  AFz 69 90  Fz 46 90  FCz 23 90  Cz 0 0  CPz 23 -90  Pz 46 -90  POz 69 -90  Oz 92 -90  Iz 115 -90
Fp1 -92 -72  AF7 -92 -54  AF3 -74 -65  F9 -115 -36  F7 -92 -36  F5 -75 -41  F3 -60 -51  F1 -50 -68
FT9 -115 -18  FT7 -92 -18  FC5 -71 -21  FC3 -49 -29  FC1 -32 -45  T9 -115 0  T7 -92 0  C5 -69 0  C3 -46 0  C1 -23 0
TP9 -115 18  TP7 -92 18  CP5 -71 21  CP3 -49 29  CP1 -32 45  P9 -115 36  P7 -92 36  P5 -75 41  P3 -60 51  P1 -50 68
PO9 -115 54  PO7 -92 54  PO3 -74 65  O1 -92 72`;

// Names of before 1991 and of other makers, upper case.
const OTHER_NAMES = { T3: "T7", T4: "T8", T5: "P7", T6: "P8" };

const radians = (degrees) => (degrees * Math.PI) / 180;

function unitVector(down, round) {
  const [theta, phi] = [radians(down), radians(round)];
  return [Math.sin(theta) * Math.cos(phi), Math.sin(theta) * Math.sin(phi), Math.cos(theta)];
}

// Fp1 → Fp2, F9 → F10.
const opposite = (name) => name.replace(/\d+$/, (digits) => String(Number(digits) + 1));

function readAngles(text) {
  const table = new Map();
  const words = text.trim().split(/\s+/);
  for (let i = 0; i < words.length; i += 3) {
    const [name, down, round] = [words[i], Number(words[i + 1]), Number(words[i + 2])];
    const [x, y, z] = unitVector(down, round);
    table.set(name.toUpperCase(), [x, y, z]);
    if (down < 0) table.set(opposite(name).toUpperCase(), [-x, y, z]);
  }
  return table;
}

export const POSITIONS = readAngles(ANGLES);

// "EEG Fp1-REF" → "Fp1".
export function bareName(name) {
  return name.trim().replace(/^eeg[ _-]+/i, "").replace(/[-_ ](ref|le|avg|ar|a1a2)$/i, "").replace(/\.+$/, "");
}

// "EEG Fp1-REF" → "FP1", "T3" → "T7": the one name that an electrode has here.
export function electrodeName(name) {
  const upper = bareName(name).toUpperCase();
  return OTHER_NAMES[upper] ?? upper;
}

export const positionOf = (name) => POSITIONS.get(electrodeName(name)) ?? null;

// Angle between two unit vectors.
export function angleBetween([a, b, c], [d, e, f]) {
  return Math.acos(Math.min(1, Math.max(-1, a * d + b * e + c * f)));
}
