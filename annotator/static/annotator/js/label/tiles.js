// The binary answer of the EEG addresses: uint32 LE header length · JSON header, padded to 8 bytes · rows of whole numbers.
// Kind "samples" has a row for each channel, kind "envelope" two: the least and the greatest value of every column.
// µV = offset_uv + scale_uv · number. Column k of an envelope covers k / sfreq to (k + 1) / sfreq after start_s.

export class TileError extends Error {}

const ENCODING = "zigzag-delta-planes";

export function parseTile(buffer) {
  const { header, dataStart } = readHeader(buffer);
  const { kind, as_recorded, encoding, channels, sfreq, start_s, n_samples: nSamples } = header;
  if (encoding !== ENCODING) throw new TileError(`EEG tile: expected ${ENCODING}, got ${encoding}: load the page again`);
  const perChannel = kind === "envelope" ? 2 : 1;
  const expected = channels.length * perChannel * nSamples * 2;
  if (buffer.byteLength - dataStart < expected) {
    throw new TileError(`EEG tile: expected ${expected} bytes of samples, got ${buffer.byteLength - dataStart}`);
  }
  const rows = decodeRows(new Uint8Array(buffer, dataStart, expected), channels.length * perChannel, nSamples);
  return {
    kind, as_recorded, sfreq, start_s, nSamples,
    channels: channels.map((channel, i) => (perChannel === 2
      ? { ...channel, low: rows[2 * i], high: rows[2 * i + 1] }
      : { ...channel, samples: rows[i] })),
  };
}

function readHeader(buffer) {
  if (buffer.byteLength < 4) throw new TileError("EEG tile: shorter than its own header length");
  const headerLength = new DataView(buffer).getUint32(0, true);
  const dataStart = Math.ceil((4 + headerLength) / 8) * 8;
  if (dataStart > buffer.byteLength) throw new TileError("EEG tile: the header runs past the end");
  return { header: JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, headerLength))), dataStart };
}

// Low bytes of all rows, then high bytes; together the differences between neighbours, folded: 0 −1 1 −2 …
export function decodeRows(bytes, nRows, nSamples) {
  const half = nRows * nSamples;
  return Array.from({ length: nRows }, (_, row) => {
    const values = new Int16Array(nSamples);
    let value = 0;
    for (let i = 0, at = row * nSamples; i < nSamples; i += 1, at += 1) {
      const folded = bytes[at] | (bytes[half + at] << 8);
      value = (value + ((folded >>> 1) ^ -(folded & 1))) << 16 >> 16;
      values[i] = value;
    }
    return values;
  });
}
