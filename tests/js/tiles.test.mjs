import assert from "node:assert/strict";
import { test } from "node:test";

import { TileError, parseTile } from "../../annotator/static/annotator/js/label/tiles.js";

function tile(header, samples) {
  let text = JSON.stringify(header);
  while ((4 + text.length) % 8) text += " ";
  const buffer = new ArrayBuffer(4 + text.length + samples.length * 2);
  new DataView(buffer).setUint32(0, text.length, true);
  new Uint8Array(buffer, 4, text.length).set(new TextEncoder().encode(text));
  const view = new DataView(buffer);
  samples.forEach((value, i) => view.setInt16(4 + text.length + 2 * i, value, true));
  return buffer;
}

const HEADER = {
  channels: [{ name: "Fp1", kind: "eeg", scale_uv: 0.1 }, { name: "ECG", kind: "ecg", scale_uv: 1 }],
  sfreq: 256, start_s: 12.5, n_samples: 3,
};

test("channels come out with their samples, scale and clock", () => {
  const parsed = parseTile(tile(HEADER, [1, -2, 32767, -32768, 5, 6]));
  assert.equal(parsed.sfreq, 256);
  assert.equal(parsed.start_s, 12.5);
  assert.deepEqual(parsed.channels.map(({ name, scale_uv, samples }) => [name, scale_uv, [...samples]]), [
    ["Fp1", 0.1, [1, -2, 32767]],
    ["ECG", 1, [-32768, 5, 6]],
  ]);
});

test("any header length is read, whatever its padding", () => {
  for (const name of ["a", "ab", "abc", "abcdefgh", "µ"]) {
    const header = { ...HEADER, channels: [{ name, kind: "eeg", scale_uv: 1 }], n_samples: 2 };
    const encoded = new TextEncoder().encode(JSON.stringify(header));
    const length = encoded.length + ((8 - ((4 + encoded.length) % 8)) % 8);
    const buffer = new ArrayBuffer(4 + length + 4);
    new DataView(buffer).setUint32(0, length, true);
    new Uint8Array(buffer, 4, length).fill(32).set(encoded);
    new DataView(buffer).setInt16(4 + length, -7, true);
    assert.deepEqual([...parseTile(buffer).channels[0].samples], [-7, 0]);
  }
});

test("a tile that was cut short is refused", () => {
  const whole = tile(HEADER, [1, 2, 3, 4, 5, 6]);
  for (const length of [2, 40, whole.byteLength - 1]) assert.throws(() => parseTile(whole.slice(0, length)), TileError);
});
