// Where the picture is moved so that a face fills the stage.

import assert from "node:assert/strict";
import { test } from "node:test";

import { fitted, zoomTo } from "../../annotator/static/annotator/js/label/faceview.js";

const STAGE = { width: 420, height: 300 };
const WIDE = { width: 1280, height: 720 };

// a point of the frame, in shares of it, on the stage after the zoom
function onStage([x, y], video, { scale, x: left, y: top }) {
  const picture = fitted(video, STAGE);
  return [left + scale * (picture.x + x * picture.width), top + scale * (picture.y + y * picture.height)];
}

test("a video is fitted whole and in the middle", () => {
  assert.deepEqual(fitted(WIDE, STAGE), { x: 0, y: (300 - 420 * 9 / 16) / 2, width: 420, height: 420 * 9 / 16 });
  assert.deepEqual(fitted({ width: 480, height: 640 }, STAGE), { x: (420 - 225) / 2, y: 0, width: 225, height: 300 });
});

test("a face in the middle of the frame comes to the middle of the stage, as large as there is room", () => {
  const place = [0.4, 0.35, 0.2, 0.3];
  const zoom = zoomTo(place, WIDE, STAGE);
  const [x, y] = onStage([0.5, 0.5], WIDE, zoom);
  assert.ok(Math.abs(x - 210) < 1e-9 && Math.abs(y - 150) < 1e-9);
  const [left, top] = onStage([0.4, 0.35], WIDE, zoom);
  const [right, bottom] = onStage([0.6, 0.65], WIDE, zoom);
  assert.ok(left >= 0 && top >= 0 && right <= 420 && bottom <= 300);
  const share = Math.max((right - left) / 420, (bottom - top) / 300);
  assert.ok(Math.abs(share - 0.72) < 1e-9);
});

test("a face at the edge is moved only so far that the stage stays filled", () => {
  const zoom = zoomTo([0, 0.3, 0.15, 0.3], WIDE, STAGE);
  const [left] = onStage([0, 0], WIDE, zoom);
  assert.ok(Math.abs(left) < 1e-9);
  const [, top] = onStage([0, 0], WIDE, zoom);
  const [right, bottom] = onStage([1, 1], WIDE, zoom);
  assert.ok(top <= 1e-9 && right >= 420 - 1e-9 && bottom >= 300 - 1e-9);
});

test("a face that fills the frame is not enlarged, a tiny one not without end", () => {
  assert.equal(zoomTo([0, 0, 1, 1], WIDE, STAGE).scale, 1);
  assert.equal(zoomTo([0.5, 0.5, 0.01, 0.01], WIDE, STAGE).scale, 6);
});
