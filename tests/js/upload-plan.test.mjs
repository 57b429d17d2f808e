import assert from "node:assert/strict";
import { test } from "node:test";

import * as plan from "../../annotator/static/annotator/js/upload/plan.js";

const entry = (path, size = 10, modified_ms = 5) => ({ path, size, modified_ms, blob: null });
const known = (path, offset_bytes = 0, size_bytes = 10, modified_ms = 5) => ({ path, offset_bytes, size_bytes, modified_ms, url: `/f/${path}` });

test("files keep their paths, hidden ones are left out and counted", () => {
  const { entries, nHidden } = plan.entriesOf([
    { name: "a.edf", size: 1, lastModified: 2, webkitRelativePath: "" },
    { name: "b.edf", size: 3, lastModified: 4, webkitRelativePath: "lab/s1/b.edf" },
    { name: "c.edf", size: 3, lastModified: 4, path: "dropped/c.edf" },
    { name: ".DS_Store", size: 3, lastModified: 4, webkitRelativePath: "lab/.DS_Store" },
    { name: "x", size: 3, lastModified: 4, webkitRelativePath: ".git/x" },
  ]);
  assert.deepEqual(entries.map(({ path, size, modified_ms }) => [path, size, modified_ms]), [["a.edf", 1, 2], ["lab/s1/b.edf", 3, 4], ["dropped/c.edf", 3, 4]]);
  assert.equal(nHidden, 2);
});

test("files chosen later are added, the same path takes the place of the first", () => {
  const merged = plan.merge([entry("b"), entry("a", 1)], [entry("a", 2), entry("c")]);
  assert.deepEqual(merged.map(({ path, size }) => [path, size]), [["a", 2], ["b", 10], ["c", 10]]);
});

test("what is too large is told before a byte is sent", () => {
  assert.equal(plan.tooLarge([entry("a", 10), entry("b", 10)], 20), "");
  assert.match(plan.tooLarge([entry("a", 2e9), entry("b", 1e9)], 2e9), /^3.0 GB are more than one upload may hold \(2.0 GB\)/);
});

test("an unfinished upload is known by path, size and time of its files", () => {
  const uploads = [{ id: 1, files: [known("x")] }, { id: 2, files: [known("a"), known("b")] }, { id: 3, files: [known("a")] }];
  assert.equal(plan.uploadToResume(uploads, [entry("a"), entry("b")]).id, 2);
  for (const other of [entry("a", 11), entry("a", 10, 6), entry("c")]) assert.equal(plan.uploadToResume(uploads, [other]), null);
  assert.equal(plan.uploadToResume([], [entry("a")]), null);
});

test("every file goes on from where the server has it; what is no longer chosen has to go", () => {
  const upload = { files: [known("a", 10), known("b", 4), known("c", 4, 99), known("d", 1)] };
  const { items, strays } = plan.itemsOf([entry("a"), entry("b"), entry("c"), entry("e")], upload);
  assert.deepEqual(items.map(({ path, url, offset, state }) => [path, url, offset, state]), [
    ["a", "/f/a", 10, "done"],
    ["b", "/f/b", 4, "waiting"],
    ["c", null, 0, "waiting"], // another file of that name
    ["e", null, 0, "waiting"],
  ]);
  assert.deepEqual(strays.map((file) => file.path), ["c", "d"]);
  assert.deepEqual(plan.itemsOf([entry("a")], null).strays, []);
});

test("the total counts bytes, and files where there are no bytes", () => {
  const item = (size, offset, state) => ({ size, offset, state });
  assert.deepEqual(plan.totalsOf([item(30, 30, "done"), item(10, 0, "waiting")]), { size: 40, sent: 30, nDone: 1, n: 2, fraction: 0.75 });
  assert.equal(plan.totalsOf([item(0, 0, "waiting")]).fraction, 0);
  assert.equal(plan.totalsOf([item(0, 0, "done")]).fraction, 1);
  assert.equal(plan.totalsOf([]).fraction, 1);
});

test("the rate is that of the last stretch and starts anew when bytes had to be sent again", () => {
  let samples = [];
  for (let second = 0; second <= 60; second += 1) samples = plan.addSample(samples, second * 1000, second < 30 ? 0 : (second - 30) * 1e6);
  assert.equal(Math.round(plan.rateOf(samples) / 1e5), 10);
  samples = plan.addSample(samples, 61_000, 5e6);
  assert.ok(samples.every((sample) => sample.sent <= 5e6));
  assert.equal(plan.rateOf([]), null);
  assert.equal(plan.rateOf([{ at_ms: 0, sent: 0 }, { at_ms: 500, sent: 9 }]), null);
});

test("times and sizes in words", () => {
  assert.deepEqual([40e6, 600e6, 20e9].map((left) => plan.timeLeftText(left, 1e6)), ["about 40 s left", "about 10 min left", "about 5.6 h left"]);
  assert.equal(plan.timeLeftText(1e6, null), "");
  assert.deepEqual([0, 999, 1000, 1_500, 99_949, 123_456_789, 999_600_000, 2.5e12].map(plan.bytesText), ["0 bytes", "999 bytes", "1.0 kB", "1.5 kB", "99.9 kB", "123 MB", "1.0 GB", "2.5 TB"]);
});
