// The binary answer of the EEG address: uint32 LE header length · JSON header, padded to 8 bytes · int16 LE, channel after channel.

export class TileError extends Error {}

export function parseTile(buffer) {
  if (buffer.byteLength < 4) throw new TileError("EEG tile: shorter than its own header length");
  const headerLength = new DataView(buffer).getUint32(0, true);
  const dataStart = Math.ceil((4 + headerLength) / 8) * 8;
  if (dataStart > buffer.byteLength) throw new TileError("EEG tile: the header runs past the end");
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, headerLength)));
  const { channels, sfreq, start_s, n_samples: nSamples } = header;
  const expected = channels.length * nSamples * 2;
  if (buffer.byteLength - dataStart < expected) {
    throw new TileError(`EEG tile: expected ${expected} bytes of samples, got ${buffer.byteLength - dataStart}`);
  }
  return {
    sfreq,
    start_s,
    nSamples,
    channels: channels.map((channel, i) => ({
      ...channel,
      samples: int16At(buffer, dataStart + i * nSamples * 2, nSamples),
    })),
  };
}

const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

function int16At(buffer, offset, length) {
  if (isLittleEndian) return new Int16Array(buffer, offset, length);
  const view = new DataView(buffer, offset, length * 2);
  return Int16Array.from({ length }, (_, i) => view.getInt16(2 * i, true));
}
