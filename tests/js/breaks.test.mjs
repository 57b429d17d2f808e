import assert from "node:assert/strict";
import { test } from "node:test";

import { BreakClock } from "../../annotator/static/annotator/js/label/breaks.js";
import { MemoryStorage } from "./support.mjs";

const MINUTE = 60_000;

function day(storage = new MemoryStorage()) {
  const time = { now: 1_000_000_000 };
  const clock = new BreakClock({ storage, user: 1, now: () => time.now });
  const work = (minutes) => {
    for (let n = 0; n <= minutes; n += 1) {
      clock.worked();
      time.now += MINUTE;
    }
    time.now -= MINUTE;
  };
  return { clock, time, work };
}

test("a break is due after 45 minutes without a pause, and not before", () => {
  const { clock, work } = day();
  work(44);
  assert.equal(clock.isDue(), false);
  work(1);
  assert.equal(clock.isDue(), true);
  assert.equal(clock.worked_min, 45);
});

test("a pause of five minutes begins anew", () => {
  const { clock, time, work } = day();
  work(44);
  time.now += 5 * MINUTE;
  assert.equal(clock.worked_min, 0, "who is away is not reminded");
  work(10);
  assert.deepEqual([clock.isDue(), clock.worked_min], [false, 10]);
});

test("dismissed, it is due again after as long", () => {
  const { clock, work } = day();
  work(50);
  clock.dismiss();
  assert.equal(clock.isDue(), false);
  work(45);
  assert.equal(clock.isDue(), true);
});

test("how long is chosen, never is a choice, and both outlive a reload", () => {
  const storage = new MemoryStorage();
  const { clock, work, time } = day(storage);
  clock.setEvery(20);
  work(20);
  const reloaded = new BreakClock({ storage, user: 1, now: () => time.now });
  assert.deepEqual([reloaded.every_min, reloaded.isDue(), reloaded.worked_min], [20, true, 20]);
  reloaded.setEvery(0);
  assert.equal(reloaded.isDue(), false);
  assert.equal(new BreakClock({ storage, user: 2, now: () => time.now }).every_min, 45, "each person's own");
});

test("storage that is broken, or off, changes nothing but what is kept", () => {
  const broken = new MemoryStorage();
  broken.setItem("concord:breaks:1", "{");
  const off = { getItem: () => null, setItem: () => { throw new Error("full"); } };
  for (const storage of [broken, off]) {
    const { clock, work } = day(storage);
    work(45);
    assert.equal(clock.isDue(), true);
  }
});
