import assert from "node:assert/strict";
import { test } from "node:test";

import { momentOf } from "../../annotator/static/annotator/js/session/address.js";

test("the moment that an address asks for", () => {
  const cases = [["?at_s=12.500", 12.5], ["?x=1&at_s=0", 0], ["?at_s=-0.25", -0.25], ["", null], ["?at_s=", null], ["?at_s=soon", null], ["?at_s=Infinity", null]];
  for (const [search, at_s] of cases) assert.equal(momentOf(search), at_s, search);
});
