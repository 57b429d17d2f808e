import assert from "node:assert/strict";
import { test } from "node:test";

import { TileError, parseTile } from "../../annotator/static/annotator/js/label/tiles.js";
import { writeTile } from "./support.mjs";

const HEADER = {
  channels: [{ name: "Fp1", kind: "eeg", scale_uv: 0.1, offset_uv: 20 }, { name: "ECG", kind: "ecg", scale_uv: 1, offset_uv: 0 }],
  sfreq: 256, start_s: 12.5, n_samples: 3,
};

test("channels come out with their samples, scale and clock", () => {
  const parsed = parseTile(writeTile(HEADER, [[1, -2, 32767], [-32768, 5, 6]]));
  assert.deepEqual([parsed.kind, parsed.as_recorded, parsed.sfreq, parsed.start_s, parsed.nSamples], ["samples", true, 256, 12.5, 3]);
  assert.deepEqual(parsed.channels.map(({ name, scale_uv, offset_uv, samples }) => [name, scale_uv, offset_uv, [...samples]]), [
    ["Fp1", 0.1, 20, [1, -2, 32767]],
    ["ECG", 1, 0, [-32768, 5, 6]],
  ]);
});

test("every step between two samples survives, the largest ones too", () => {
  const values = [0, 1, -1, 127, -128, 128, 255, -256, 32767, -32768, 32767, 0, -32767];
  const parsed = parseTile(writeTile({ ...HEADER, channels: HEADER.channels.slice(0, 1), n_samples: values.length }, [values]));
  assert.deepEqual([...parsed.channels[0].samples], values);
});

test("an envelope has a low and a high row for each channel", () => {
  const header = { ...HEADER, kind: "envelope", n_samples: 2 };
  const { kind, channels } = parseTile(writeTile(header, [[-5, -6], [7, 8], [-100, -200], [300, 400]]));
  assert.equal(kind, "envelope");
  assert.deepEqual(channels.map(({ name, low, high }) => [name, [...low], [...high]]), [
    ["Fp1", [-5, -6], [7, 8]],
    ["ECG", [-100, -200], [300, 400]],
  ]);
  assert.ok(channels.every((channel) => channel.samples === undefined));
});

test("any header length is read, whatever its padding", () => {
  for (const name of ["a", "ab", "abc", "abcdefgh", "µ", "電極"]) {
    const header = { ...HEADER, channels: [{ name, kind: "eeg", scale_uv: 1 }], n_samples: 2 };
    const [channel] = parseTile(writeTile(header, [[-7, 0]])).channels;
    assert.deepEqual([channel.name, ...channel.samples], [name, -7, 0]);
  }
});

test("a stretch without samples is a tile", () => {
  const parsed = parseTile(writeTile({ ...HEADER, n_samples: 0 }, [[], []]));
  assert.deepEqual(parsed.channels.map(({ samples }) => samples.length), [0, 0]);
});

test("a tile that was cut short is refused", () => {
  const whole = writeTile(HEADER, [[1, 2, 3], [4, 5, 6]]);
  for (const length of [2, 40, whole.byteLength - 1]) assert.throws(() => parseTile(whole.slice(0, length)), TileError);
});

test("an encoding of another version is refused in a sentence", () => {
  assert.throws(() => parseTile(writeTile({ ...HEADER, encoding: "int16" }, [[1, 2, 3], [4, 5, 6]])), /expected zigzag.*got int16/);
});
