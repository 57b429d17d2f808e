import assert from "node:assert/strict";
import { test } from "node:test";

import { TraceLoader } from "../../annotator/static/annotator/js/eeg/loader.js";

const RECORDED = { start_s: 0, stop_s: 100 };

// A tile of no channels, as the server would send it.
function emptyTile(kind) {
  const header = new TextEncoder().encode(JSON.stringify({ kind, encoding: "zigzag-delta-planes", channels: [], sfreq: 128, start_s: 0, n_samples: 0 }));
  const buffer = new ArrayBuffer(Math.ceil((4 + header.length) / 8) * 8);
  new DataView(buffer).setUint32(0, header.length, true);
  new Uint8Array(buffer).set(header, 4);
  return buffer;
}

function loaderOn(answer) {
  const got = { addresses: [], tiles: [], troubles: [], signals: [] };
  const get = async (address, { signal }) => {
    got.addresses.push(address);
    got.signals.push(signal);
    return answer(got.addresses.length);
  };
  const loader = new TraceLoader({ url: "/eeg", recorded: RECORDED, get, onTile: (tile) => got.tiles.push(tile), onTrouble: (error) => got.troubles.push(error) });
  return { loader, got };
}

const ok = (kind = "samples") => ({ ok: true, arrayBuffer: async () => emptyTile(kind) });

test("it asks for more than is on screen, with as many pixels a second", async () => {
  const { loader, got } = loaderOn(() => ok());
  await loader.load({ start_s: 20, stop_s: 30 }, 1000);
  assert.deepEqual(got.addresses, ["/eeg?start_s=15.000000&stop_s=35.000000&width_px=2000"]);
  assert.equal(got.tiles.length, 1);
});

test("what is loaded is not asked for again; what is not is", async () => {
  const { loader, got } = loaderOn(() => ok());
  await loader.load({ start_s: 20, stop_s: 30 }, 1000);
  loader.want({ start_s: 24, stop_s: 34 }, 1000);
  assert.equal(loader.waiting, undefined);
  loader.want({ start_s: 30, stop_s: 40 }, 1000);
  assert.notEqual(loader.waiting, undefined);
  clearTimeout(loader.waiting);
  assert.equal(got.addresses.length, 1);
});

test("an address that has a question keeps it; filters ask for more on either side", async () => {
  const { loader, got } = loaderOn(() => ok());
  loader.url = "/eeg?sig=a";
  loader.pad_s = 3;
  await loader.load({ start_s: 20, stop_s: 30 }, 1000);
  assert.deepEqual(got.addresses, ["/eeg?sig=a&start_s=15.000000&stop_s=35.000000&width_px=2000&pad_s=3"]);
  loader.want({ start_s: 15, stop_s: 35 }, 1000); // with 3 s on either side it is all there
  assert.equal(loader.waiting, undefined);
});

test("of a short stretch extremes are a glance: its samples are asked for as soon as may be, once", async () => {
  const { loader, got } = loaderOn(() => ok());
  const span = { start_s: 10, stop_s: 40 };
  loader.hold(span, { kind: "envelope" });
  assert.equal(loader.isGlance, true);
  loader.want(span, 1000);
  assert.notEqual(loader.waiting, undefined);
  clearTimeout(loader.waiting);
  await loader.load(span, 1000);
  loader.waiting = undefined;
  loader.want(span, 1000);
  assert.deepEqual([loader.isGlance, loader.waiting, got.addresses.length], [false, undefined, 1]);
  loader.hold({ start_s: 0, stop_s: 90 }, { kind: "envelope" }); // all there is of so long a stretch
  assert.equal(loader.isGlance, false);
});

test("what somebody else fetched is not asked for again", () => {
  const { loader } = loaderOn(() => ok());
  loader.hold({ start_s: 10, stop_s: 40 }, { kind: "samples" });
  loader.want({ start_s: 20, stop_s: 30 }, 1000);
  assert.equal(loader.waiting, undefined);
});

test("the newest wish wins, whichever answer comes first", async () => {
  const held = [];
  const { loader, got } = loaderOn((n) => new Promise((resolve) => { held[n] = resolve; }));
  const first = loader.load({ start_s: 0, stop_s: 10 }, 1000);
  const second = loader.load({ start_s: 50, stop_s: 60 }, 1000);
  assert.ok(got.signals[0].aborted);
  held[2](ok());
  await second;
  held[1](ok());
  await first;
  assert.equal(got.tiles.length, 1);
  assert.equal(loader.loaded.start_s, 45);
  assert.deepEqual(got.troubles, [null]);
});

test("a refusal is told in the server's words, or by its number", async () => {
  const { loader, got } = loaderOn((n) => (n === 1 ? { ok: false, status: 404, json: async () => ({ message: "The EEG is gone." }) } : { ok: false, status: 502, json: () => Promise.reject(new Error()) }));
  await loader.load({ start_s: 0, stop_s: 10 }, 1000);
  await loader.load({ start_s: 0, stop_s: 10 }, 1000);
  assert.deepEqual(got.troubles.map((error) => error.message), ["The EEG is gone.", "The server answered 502."]);
  assert.equal(loader.loaded, null);
});
