// Butterworth filters as second-order sections, for any rate. Pure. By the textbook: analogue prototype, frequency transform,
// bilinear transform with the band edges pre-warped. The same numbers, in the same order, as scipy.signal.butter(output="sos").

const add = ([a, b], [c, d]) => [a + c, b + d];
const subtract = ([a, b], [c, d]) => [a - c, b - d];
const multiply = ([a, b], [c, d]) => [a * c - b * d, a * d + b * c];
const divide = ([a, b], [c, d]) => {
  const size = c * c + d * d;
  return [(a * c + b * d) / size, (b * c - a * d) / size];
};
const modulus = ([a, b]) => Math.hypot(a, b);

// The branch of the square root with a real part ≥ 0.
function squareRoot([a, b]) {
  const size = Math.hypot(a, b);
  return [Math.sqrt((size + a) / 2), Math.sign(b || 1) * Math.sqrt((size - a) / 2)];
}

// Each section is [b0, b1, b2, 1, a1, a2]; order even, cut-offs in Hz below half the rate.
export function lowPass(order, cut_hz, sfreq) {
  check(order, [cut_hz], sfreq);
  const edge = warped(cut_hz, sfreq);
  const poles = prototype(order).map((pole) => multiply(pole, [edge, 0]));
  return sections(poles, { gain: edge ** order, middle: 2 });
}

export function highPass(order, cut_hz, sfreq) {
  check(order, [cut_hz], sfreq);
  const edge = warped(cut_hz, sfreq);
  const poles = prototype(order).map((pole) => divide([edge, 0], pole));
  return sections(poles, { gain: product(poles.map(() => [4, 0])), middle: -2 });
}

export function bandStop(order, [low_hz, high_hz], sfreq) {
  check(order, [low_hz, high_hz], sfreq);
  const [low, high] = [warped(low_hz, sfreq), warped(high_hz, sfreq)];
  const centre_2 = low * high;
  const poles = prototype(order).flatMap((pole) => {
    const half = divide([(high - low) / 2, 0], pole);
    const root = squareRoot(subtract(multiply(half, half), [centre_2, 0]));
    return [add(half, root), subtract(half, root)];
  });
  const centre = Math.sqrt(centre_2);
  const zero = bilinear([0, centre]);
  return sections(poles, { gain: (16 + centre_2) ** order, middle: -2 * zero[0] });
}

function check(order, cuts_hz, sfreq) {
  if (order % 2 || order < 2) throw new RangeError(`filter: expected an even order, got ${order}`);
  for (const cut_hz of cuts_hz) {
    if (!(cut_hz > 0 && cut_hz < sfreq / 2)) throw new RangeError(`filter: expected a cut-off between 0 and ${sfreq / 2} Hz, got ${cut_hz}`);
  }
}

// The analogue edge that the bilinear transform (at the rate 2) brings back to where it was wanted.
const warped = (cut_hz, sfreq) => 4 * Math.tan((Math.PI * cut_hz) / sfreq);

const bilinear = (s) => divide(add([4, 0], s), subtract([4, 0], s));

const product = (factors) => factors.reduce(multiply, [1, 0])[0];

// Poles on the left half of the unit circle.
function prototype(order) {
  return Array.from({ length: order }, (_, k) => {
    const angle = (Math.PI * (2 * k + 1 - order)) / (2 * order);
    return [-Math.cos(angle), -Math.sin(angle)];
  });
}

// One section a conjugate pair, the pair nearest to the unit circle last, the gain in the first. All have the same zeros, a pair on
// the unit circle: 1 + middle · z⁻¹ + z⁻².
function sections(poles, { gain, middle }) {
  const scale = gain / product(poles.map((pole) => subtract([4, 0], pole)));
  const upper = poles.map(bilinear).filter(([, imaginary]) => imaginary > 0).sort((a, b) => modulus(a) - modulus(b));
  return upper.map((pole, i) => {
    const by = i === 0 ? scale : 1;
    return [by, by * middle, by, 1, -2 * pole[0], pole[0] ** 2 + pole[1] ** 2];
  });
}
