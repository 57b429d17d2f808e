// What a browser's localStorage does, in memory.
export class MemoryStorage {
  #items = new Map();

  get length() {
    return this.#items.size;
  }

  key(index) {
    return [...this.#items.keys()][index] ?? null;
  }

  getItem(name) {
    return this.#items.get(name) ?? null;
  }

  setItem(name, value) {
    this.#items.set(name, String(value));
  }

  removeItem(name) {
    this.#items.delete(name);
  }
}

// An answer of the EEG address as the server writes it; rows: one array a channel, or two where the kind is "envelope".
export function writeTile(header, rows) {
  let text = JSON.stringify({ kind: "samples", as_recorded: true, encoding: "zigzag-delta-planes", ...header });
  while ((4 + new TextEncoder().encode(text).length) % 8) text += " ";
  const encoded = new TextEncoder().encode(text);
  const folded = rows.flatMap((row) => row.map((value, i) => fold(value - (row[i - 1] ?? 0))));
  const bytes = new Uint8Array(4 + encoded.length + 2 * folded.length);
  new DataView(bytes.buffer).setUint32(0, encoded.length, true);
  bytes.set(encoded, 4);
  bytes.set(folded.map((word) => word & 0xff), 4 + encoded.length);
  bytes.set(folded.map((word) => word >> 8), 4 + encoded.length + folded.length);
  return bytes.buffer;
}

function fold(difference) {
  const wrapped = (difference << 16) >> 16;
  return (wrapped >= 0 ? 2 * wrapped : -2 * wrapped - 1) & 0xffff;
}
