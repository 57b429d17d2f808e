import assert from "node:assert/strict";
import { test } from "node:test";

import { TracePreferences } from "../../annotator/static/annotator/js/eeg/preferences.js";
import { MemoryStorage } from "./support.mjs";

test("what somebody likes is there the next time, for them alone; rows of their own for one study alone", () => {
  const storage = new MemoryStorage();
  const first = new TracePreferences({ storage, user: 7, study: "a" });
  first.set({ montage: "banana", filters: { highPass: 1, lowPass: 0, notch: 50 } });
  first.setCustom("Fp1-F7");
  const again = new TracePreferences({ storage, user: 7, study: "a" });
  assert.deepEqual([again.values.montage, again.values.filters, again.values.order, again.custom], ["banana", { highPass: 1, lowPass: 0, notch: 50 }, "region", "Fp1-F7"]);
  const elsewhere = new TracePreferences({ storage, user: 7, study: "b" });
  assert.deepEqual([elsewhere.values.montage, elsewhere.custom], ["banana", ""]);
  const other = new TracePreferences({ storage, user: 8, study: "a" });
  assert.deepEqual([other.values.montage, other.values.timebase, other.custom], ["recorded", "clip", ""]);
});

test("a browser that keeps nothing keeps the choice until the page is left", () => {
  const storage = { getItem: () => "not JSON", setItem() { throw new Error("full"); } };
  const likes = new TracePreferences({ storage, user: 1, study: "a" });
  likes.set({ isZ: true });
  assert.deepEqual([likes.values.isZ, likes.values.montage], [true, "recorded"]);
});
