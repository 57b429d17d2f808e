// The engine against a small tus server in memory that loses connections, forgets and refuses as real ones do.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Engine } from "../../annotator/static/annotator/js/upload/engine.js";
import { Tus, TusError, base64, verdict } from "../../annotator/static/annotator/js/upload/tus.js";

class Server {
  files = new Map();
  asked = [];
  refusals = [];

  send = async ({ method, url, headers, body, onProgress, signal }) => {
    this.asked.push(`${method} ${url}`);
    await Promise.resolve();
    if (signal?.aborted) throw new TusError("aborted");
    const refusal = this.refusals.find((one) => one.method === method && one.times > 0);
    if (refusal) {
      refusal.times -= 1;
      if (refusal.keep && body) this.#append(url, new Uint8Array(await body.arrayBuffer()).slice(0, refusal.keep));
      if (refusal.status === null) throw new TusError("The server does not answer.");
      return answer(refusal.status, {}, { message: refusal.message, code: refusal.code });
    }
    if (method === "POST") {
      const metadata = Object.fromEntries(headers["Upload-Metadata"].split(",").map((pair) => pair.split(" ")));
      const name = new TextDecoder().decode(Uint8Array.from(atob(metadata.path), (c) => c.charCodeAt(0)));
      this.files.set(`/f/${name}`, { size: Number(headers["Upload-Length"]), bytes: [] });
      return answer(201, { Location: `/f/${name}`, "Upload-Offset": "0" });
    }
    const file = this.files.get(url);
    if (!file) return answer(404, {}, { message: "There is no such file.", code: "gone" });
    if (method === "HEAD") return answer(200, { "Upload-Offset": String(file.bytes.length) });
    if (Number(headers["Upload-Offset"]) !== file.bytes.length) return answer(409, {}, { message: "elsewhere" });
    onProgress?.(body.size);
    this.#append(url, new Uint8Array(await body.arrayBuffer()));
    return answer(204, { "Upload-Offset": String(file.bytes.length) });
  };

  #append(url, bytes) {
    this.files.get(url).bytes.push(...bytes);
  }
}

const answer = (status, headers, said = null) => ({ status, header: (name) => headers[name] ?? null, json: () => said });

function setUp(sizes = { "a.edf": 25 }, options = {}) {
  const server = new Server();
  const items = Object.entries(sizes).map(([path, size]) => ({
    path, size, modified_ms: 1, blob: new Blob([Uint8Array.from({ length: size }, (_, i) => i % 251)]), url: null, offset: 0, state: "waiting", text: "",
  }));
  const waits = [];
  const wait = async (ms) => void waits.push(ms);
  const tus = new Tus({ send: server.send, csrf: () => "token" });
  const engine = new Engine({ tus, files_url: "/files", items, onChange: () => {}, wait, isReadable: async () => true, piece_bytes: 10, ...options });
  return { server, engine, items, waits };
}

function assertWhole(server, items) {
  for (const item of items) assert.deepEqual(server.files.get(`/f/${item.path}`).bytes, Array.from({ length: item.size }, (_, i) => i % 251), item.path);
}

test("files come in piece by piece, empty ones too, and Unicode names as they are", async () => {
  const { server, engine, items } = setUp({ "a.edf": 25, "empty.tsv": 0, "séance/被験者.mp4": 10 });
  await engine.run();
  assert.equal(engine.status, "done");
  assertWhole(server, items);
  assert.deepEqual(items.map((item) => item.state), ["done", "done", "done"]);
  assert.equal(server.asked.filter((line) => line === "PATCH /f/a.edf").length, 3);
});

test("a lost line is waited out, longer each time, and the file goes on from where the server has it", async () => {
  const { server, engine, items, waits } = setUp();
  server.refusals = [{ method: "PATCH", status: null, times: 4, keep: 3 }];
  await engine.run();
  assert.equal(engine.status, "done");
  assertWhole(server, items);
  assert.equal(waits.length, 4);
  assert.ok(server.asked.includes("HEAD /f/a.edf"));
});

test("without any progress the waits grow to half a minute", async () => {
  const { server, engine, waits } = setUp();
  server.refusals = [{ method: "PATCH", status: null, times: 7 }];
  await engine.run();
  assert.equal(engine.status, "done");
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 16000, 30000, 30000]);
});

for (const status of [408, 409, 423, 429, 460, 500, 502, 503]) {
  test(`${status} is tried again`, async () => {
    const { server, engine, items } = setUp();
    server.refusals = [{ method: "PATCH", status, times: 2 }];
    await engine.run();
    assert.equal(engine.status, "done");
    assertWhole(server, items);
  });
}

test("a file that the server refuses fails alone, with the server's sentence", async () => {
  const { server, engine, items } = setUp({ "a.edf": 5, "b.edf": 5 });
  server.refusals = [{ method: "POST", status: 507, times: 1, message: "The server has no room for a.edf.", code: "disk_full" }];
  await engine.run();
  assert.deepEqual([engine.status, engine.text], ["refused", "The server has no room for a.edf."]);
  assert.deepEqual(items.map((item) => item.state), ["failed", "done"]);
  await engine.run(); // there is room now
  assert.equal(engine.status, "done");
  assertWhole(server, items);
});

test("an upload that was thrown away meanwhile is not tried for ever", async () => {
  const { server, engine, items } = setUp();
  Object.assign(items[0], { url: "/f/gone", offset: 3 });
  await engine.run();
  assert.equal(engine.status, "refused");
  assert.equal(server.asked.length, 1);
});

test("signed out, it stops as a whole and goes on after a new sign-in", async () => {
  for (const [status, code] of [[401, "not_signed_in"], [403, "csrf"]]) {
    const { server, engine, items } = setUp({ "a.edf": 25, "b.edf": 25 });
    server.refusals = [{ method: "PATCH", status, code, times: 1 }];
    await engine.run();
    assert.equal(engine.status, "signed-out");
    assert.ok(items.every((item) => item.state === "waiting"));
    await engine.run();
    assert.equal(engine.status, "done");
    assertWhole(server, items);
  }
});

test("a pause keeps what has come in; going on sends the rest", async () => {
  const { server, engine, items } = setUp({ "a.edf": 100 });
  const plain = server.send;
  engine.tus.send = async (request) => {
    const said = await plain(request);
    if (request.method === "PATCH" && server.files.get("/f/a.edf").bytes.length === 30) engine.pause();
    return said;
  };
  await engine.run();
  assert.equal(engine.status, "paused");
  assert.equal(items[0].state, "waiting");
  assert.ok(server.files.get("/f/a.edf").bytes.length <= 40);
  await engine.run();
  assert.equal(engine.status, "done");
  assertWhole(server, items);
});

test("the network's return ends the waiting", async () => {
  const { server, engine, items } = setUp({ "a.edf": 5 }, { wait: (ms, wakers) => new Promise((resolve) => wakers.push(resolve)) });
  server.refusals = [{ method: "PATCH", status: null, times: 1 }];
  const run = engine.run();
  while (items[0].text !== "waiting for the network") await new Promise((resolve) => setImmediate(resolve));
  engine.networkReturned();
  await run;
  assert.equal(engine.status, "done");
});

test("a file that was moved since it was chosen is told from a lost network", async () => {
  const { server, engine, items } = setUp({ "a.edf": 5 }, { isReadable: async () => false });
  server.refusals = [{ method: "PATCH", status: null, times: 1 }];
  await engine.run();
  assert.deepEqual([engine.status, items[0].text], ["refused", "It can't be read any more: choose it again."]);
});

test("what was there before a reload is not sent again", async () => {
  const { server, engine, items } = setUp({ "a.edf": 25 });
  server.files.set("/f/a.edf", { size: 25, bytes: Array.from({ length: 20 }, (_, i) => i) });
  Object.assign(items[0], { url: "/f/a.edf", offset: 18 }); // the page's idea is old
  await engine.run();
  assertWhole(server, items);
  assert.deepEqual(server.asked, ["HEAD /f/a.edf", "PATCH /f/a.edf"]);
});

test("more failures than tries to come are told by what they mean", () => {
  const expected = { retry: [null, 408, 409, 423, 429, 460, 500, 502, 503], "signed-out": [401], gone: [404, 410], refused: [400, 403, 412, 413, 415, 422, 507] };
  for (const [meaning, statuses] of Object.entries(expected)) for (const status of statuses) assert.equal(verdict(status), meaning, String(status));
  assert.equal(verdict(403, "csrf"), "signed-out");
});

test("base64 of any text", () => {
  for (const text of ["", "a", "séance", "被験者 😀"]) assert.equal(Buffer.from(base64(text), "base64").toString(), text);
});
