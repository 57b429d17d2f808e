// Where electrodes sit, and a picture of the scalp between them: spherical splines (Perrin et al. 1989,
// doi:10.1016/0013-4694(89)90180-6), of order 4 as is common. Pure. The head is a unit sphere: x right, y front, z up.

// The 10-10 system on a sphere: Cz on top, the ring Fpz–T7–Oz 90° away from it, a tenth of the way from nasion to inion
// 22.5°, each row a circle through its two electrodes on the ring and its one on the midline.
const ROWS = {
  Fp: { mid_deg: 90, ring_deg: 0 }, AF: { mid_deg: 67.5, ring_deg: 36 }, F: { mid_deg: 45, ring_deg: 54 },
  FC: { mid_deg: 22.5, ring_deg: 72 }, C: { mid_deg: 0, ring_deg: 90 }, CP: { mid_deg: -22.5, ring_deg: 108 },
  P: { mid_deg: -45, ring_deg: 126 }, PO: { mid_deg: -67.5, ring_deg: 144 }, O: { mid_deg: -90, ring_deg: 180 },
};
const RING_DEG = 90;
const RIM_DEG = 112.5; // nasion and inion: the rim of the head on paper
// the outer electrodes have names of their own
const OUTER_ROWS = { FT: "FC", T: "C", TP: "CP" };
const OLD_NAMES = { T3: "T7", T4: "T8", T5: "P7", T6: "P8" };
const ON_THE_RING = { Fp1: 18, O1: 162 };
const BELOW_THE_RING = { Nz: [RIM_DEG, 0], Iz: [RIM_DEG, 180], O9: [RIM_DEG, 162], Fp9: [RIM_DEG, 18] };

const RIM = (RIM_DEG * Math.PI) / 180;
const ORDER = 4;
const N_TERMS = 50;
const SMOOTHING = 1e-8; // the picture passes through what was measured, whatever its neighbours say

// null for a name that is none of the 10-10 system's, mastoids and earlobes too.
export function positionOf(name) {
  const plain = normal(name);
  const parts = plain.match(/^(Fp|AF|FC|FT|F|CP|C|TP|T|PO|P|O|N|I)(z|\d{1,2})$/);
  if (!parts) return null;
  const [, row, place] = parts;
  if (place === "z") return BELOW_THE_RING[plain] ? polar(...BELOW_THE_RING[plain]) : midline(row);
  const number = Number(place);
  if (number < 1 || number > 10) return null;
  const left = leftOf(row, number % 2 ? number : number - 1);
  return left && (number % 2 ? left : [-left[0], left[1], left[2]]);
}

function normal(name) {
  const short = name.trim().replace(/^eeg[ _-]+/i, "").replace(/[-_ ](ref|le|av|avg)$/i, "");
  const plain = short.replace(/^fp/i, "Fp").replace(/^(af|fc|ft|cp|tp|po|f|c|t|p|o|n|i)(?=z|\d)/i, (row) => row.toUpperCase()).replace(/z$/i, "z");
  return OLD_NAMES[plain] ?? plain;
}

function midline(row) {
  return ROWS[row] ? polar(ROWS[row].mid_deg, 0) : null;
}

// By its odd number: 1 beside the midline, 7 on the ring, 9 below it.
function leftOf(row, number) {
  const name = `${row}${number}`;
  if (ON_THE_RING[name]) return polar(RING_DEG, ON_THE_RING[name]);
  if (BELOW_THE_RING[name]) return polar(...BELOW_THE_RING[name]);
  const { mid_deg, ring_deg } = ROWS[OUTER_ROWS[row] ?? row] ?? {};
  if (mid_deg === undefined || row === "Fp" || row === "O") return null;
  return onTheArc(polar(mid_deg, 0), polar(RING_DEG, ring_deg), (number + 1) / 8);
}

// so far from the top, so far round from the front to the left
function polar(from_top_deg, round_deg) {
  const [down, round] = [from_top_deg, round_deg].map((deg) => (deg * Math.PI) / 180);
  return [-Math.sin(down) * Math.sin(round), Math.sin(down) * Math.cos(round), Math.cos(down)];
}

// On the circle through the middle, the ring's left and its right: `share` of the way from the middle to the left.
function onTheArc(middle, left, share) {
  // a plane that holds the x axis' direction: the circle lies symmetrically about the midline
  const chord = [0, left[1] - middle[1], left[2] - middle[2]];
  const long = Math.hypot(...chord);
  const down = chord.map((value) => value / long); // within the midline's plane, from the middle electrode on
  const along = down[1] * middle[1] + down[2] * middle[2];
  const centre = [0, middle[1] - along * down[1], middle[2] - along * down[2]]; // of the sphere, seen in that plane
  const radius = Math.sqrt(1 - (centre[1] ** 2 + centre[2] ** 2));
  const angleOf = ([x, y, z]) => Math.atan2(-x, -((y - centre[1]) * down[1] + (z - centre[2]) * down[2]));
  const angle = angleOf(left) * share;
  const out = -radius * Math.cos(angle);
  return [-radius * Math.sin(angle), centre[1] + out * down[1], centre[2] + out * down[2]];
}

// On paper: distance from the top kept, the head's rim at 1.
export function flat([x, y, z]) {
  const out = Math.hypot(x, y);
  const share = Math.acos(Math.min(1, Math.max(-1, z))) / RIM;
  return out < 1e-12 ? [0, 0] : [(x / out) * share, (y / out) * share];
}

export function unflat([x, y]) {
  const share = Math.hypot(x, y);
  const down = share * RIM;
  return share < 1e-12 ? [0, 0, 1] : [(Math.sin(down) * x) / share, (Math.sin(down) * y) / share, Math.cos(down)];
}

// Values at `from` → values at `to`: a matrix, rows for `to`.
export function splineMatrix(from, to) {
  const n = from.length;
  const system = from.map((a, i) => [...from.map((b, j) => spline(dot(a, b)) + (i === j ? SMOOTHING : 0)), 1]);
  system.push([...from.map(() => 1), 0]);
  const solved = inverse(system);
  return to.map((point) => {
    const near = [...from.map((electrode) => spline(dot(point, electrode))), 1];
    return Float64Array.from({ length: n }, (_, j) => near.reduce((sum, value, i) => sum + value * solved[i][j], 0));
  });
}

function dot(a, b) {
  return Math.min(1, Math.max(-1, a[0] * b[0] + a[1] * b[1] + a[2] * b[2]));
}

// g(x) = 1/(4π) Σ (2n+1) / (n(n+1))^m · Pₙ(x)
function spline(x) {
  let [before, now, sum] = [1, x, 0];
  for (let n = 1; n <= N_TERMS; n += 1) {
    sum += ((2 * n + 1) / (n * (n + 1)) ** ORDER) * now;
    [before, now] = [now, ((2 * n + 1) * x * now - n * before) / (n + 1)];
  }
  return sum / (4 * Math.PI);
}

// Gauss and Jordan, the largest pivot first.
function inverse(matrix) {
  const n = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))]);
  for (let column = 0; column < n; column += 1) {
    let best = column;
    for (let i = column + 1; i < n; i += 1) if (Math.abs(rows[i][column]) > Math.abs(rows[best][column])) best = i;
    [rows[column], rows[best]] = [rows[best], rows[column]];
    const pivot = rows[column][column];
    for (let j = 0; j < 2 * n; j += 1) rows[column][j] /= pivot;
    for (let i = 0; i < n; i += 1) {
      const factor = i === column ? 0 : rows[i][column];
      if (factor) for (let j = column; j < 2 * n; j += 1) rows[i][j] -= factor * rows[column][j];
    }
  }
  return rows.map((row) => row.slice(n));
}

// A square picture of the head from above, `size` points a side from −1 to 1, front up; null outside the head.
export class ScalpGrid {
  constructor(positions, size) {
    this.axis = Array.from({ length: size }, (_, i) => -1 + (2 * i) / (size - 1));
    this.points = this.axis.flatMap((y) => this.axis.map((x) => [x, y])).map((point) => (Math.hypot(...point) <= 1 ? point : null));
    const inside = this.points.filter(Boolean).map(unflat);
    this.matrix = splineMatrix(positions, inside);
  }

  // Rows of the picture, from y = −1 up.
  of(values) {
    let at = 0;
    const all = this.points.map((point) => (point ? this.matrix[at++].reduce((sum, weight, j) => sum + weight * values[j], 0) : null));
    return this.axis.map((_, row) => all.slice(row * this.axis.length, (row + 1) * this.axis.length));
  }
}
