// A trace as pixels, drawn into memory: one bar a column, its ends shaded by how much of a pixel they cover. Pure.
// Several times faster than stroking a path where thousands of samples share a few hundred columns.

// pixels: Uint32Array of RGBA (little endian), width × height; reach: 2 numbers a column, the y of its upper and lower end (NaN: gap).
// The trace is `thick` px high where it is flat and is not drawn outside [top, bottom); `strength` < 1: it stands back, half seen through.
export function rasterTrace({ pixels, width }, { reach, left, colour, thick, top, bottom, strength = 1 }) {
  const nColumns = Math.min(reach.length / 2, width - left);
  for (let column = 0; column < nColumns; column += 1) {
    let upper = reach[2 * column];
    let lower = reach[2 * column + 1];
    if (Number.isNaN(upper)) continue;
    const lacking = thick - (lower - upper);
    if (lacking > 0) {
      upper -= lacking / 2;
      lower += lacking / 2;
    }
    shade(pixels, { at: left + column, width, upper: Math.max(upper, top), lower: Math.min(lower, bottom), colour, strength });
  }
}

function shade(pixels, { at, width, upper, lower, colour, strength }) {
  if (lower <= upper) return;
  const first = Math.floor(upper);
  const last = Math.ceil(lower) - 1;
  for (let y = first; y <= last; y += 1) {
    const share = Math.min(lower, y + 1) - Math.max(upper, y);
    const alpha = Math.round(share * strength * 255);
    const place = y * width + at;
    // where two traces meet, the fuller one is seen
    if (alpha >= pixels[place] >>> 24) pixels[place] = ((alpha << 24) | colour) >>> 0;
  }
}

// "#0072b2" or "rgb(0, 114, 178)" → blue, green, red in the lower three bytes.
export function colourWord(css) {
  const [red, green, blue] = css.startsWith("#")
    ? [1, 3, 5].map((at) => parseInt(css.slice(at, at + 2), 16))
    : css.match(/\d+/g).slice(0, 3).map(Number);
  return (blue << 16) | (green << 8) | red;
}
