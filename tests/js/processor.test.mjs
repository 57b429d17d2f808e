import assert from "node:assert/strict";
import { test } from "node:test";

import { Processor } from "../../annotator/static/annotator/js/eeg/processor.js";

// A worker whose answers come when the test says so.
class HeldWorker extends EventTarget {
  sent = [];

  postMessage(message) {
    this.sent.push(message);
  }

  answer(id, data) {
    this.dispatchEvent(Object.assign(new Event("message"), { data: { id, ...data } }));
  }
}

const TILE = { kind: "samples", sfreq: 2, start_s: 5, nSamples: 2, channels: [{ name: "A", samples: Int16Array.of(1, 2), scale_uv: 1, offset_uv: 0 }] };
const PLAN = { rows: [{ name: "A", kind: "eeg", terms: [[0, 1]], reference: null, side: "left" }], references: [], filters: {} };

function open() {
  const worker = new HeldWorker();
  return { worker, processor: new Processor({ open: () => worker }) };
}

test("the rows come back as a tile in µV, with what the montage knows of them", async () => {
  const { worker, processor } = open();
  const wish = processor.process(TILE, PLAN);
  worker.answer(1, { rows: [Float32Array.of(3, 4)] });
  const tile = await wish;
  assert.deepEqual([tile.start_s, tile.sfreq, tile.channels[0].name, tile.channels[0].side], [5, 2, "A", "left"]);
  assert.deepEqual([tile.channels[0].scale_uv, [...tile.channels[0].samples]], [1, [3, 4]]);
});

test("the newest wish wins, and samples are sent once a tile", async () => {
  const { worker, processor } = open();
  const first = processor.process(TILE, PLAN);
  const second = processor.process(TILE, PLAN);
  worker.answer(1, { rows: [Float32Array.of(0, 0)] });
  worker.answer(2, { rows: [Float32Array.of(1, 1)] });
  assert.equal(await first, null);
  assert.deepEqual([...(await second).channels[0].samples], [1, 1]);
  assert.deepEqual(worker.sent.map(({ tile }) => tile !== null), [true, false]);
});

test("what went wrong is told, in the worker or on the way to it", async () => {
  const { worker, processor } = open();
  const one = processor.process(TILE, PLAN);
  worker.answer(1, { error: "no such filter" });
  await assert.rejects(one, /no such filter/);
  const other = processor.process(TILE, PLAN);
  worker.dispatchEvent(new Event("error"));
  await assert.rejects(other, /did not start/);
});
