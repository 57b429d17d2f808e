import assert from "node:assert/strict";
import { test } from "node:test";

import { actionOn, byName, fromSources, whyBad } from "../../annotator/static/annotator/js/label/badwords.js";

const bad = (more) => ({ name: "Fp1", sources: ["hand"], faults: [], by: "", is_own: false, reason: "", marked_at: null, may_take_back: false, ...more });

test("who says that a channel is bad", () => {
  assert.equal(whyBad(bad({ is_own: true, by: "ann", reason: "loose" })), "marked as bad by you: loose");
  assert.equal(whyBad(bad({ by: "ann", sources: ["hand", "measured"], faults: ["flat", "noisy"] })), "marked as bad by ann · measured as bad: flat, noisy");
  assert.equal(whyBad(bad({ sources: ["hand", "files"] })), "marked as bad by another annotator · bad by its files");
  assert.equal(whyBad(bad({ sources: ["measured"] })), "measured as bad");
});

test("what the button does", () => {
  assert.equal(actionOn(undefined), "mark");
  assert.equal(actionOn(bad({ sources: ["measured"] })), "mark");
  assert.equal(actionOn(bad({ may_take_back: true })), "take-back");
  assert.equal(actionOn(bad()), null);
});

test("a task's sources until the marks come", () => {
  const found = byName(fromSources({ Cz: ["files"], Pz: ["hand"] }));
  assert.deepEqual([...found.keys()], ["Cz", "Pz"]);
  assert.equal(actionOn(found.get("Pz")), null);
  assert.deepEqual(fromSources(undefined), []);
});
