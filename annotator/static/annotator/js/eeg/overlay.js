// Draws what moves over the traces: the cursor, the two measuring cursors, a stretch that is being chosen.

import { clamp } from "../label/timemap.js";
import { AXIS_PX, GUTTER_PX, xOf } from "./painter.js";

// view: { context, ratio, width, height, ink, span, clip, cursor_s, ruler: { from_s, to_s, row, rowHeight } or null, range: { from_s, to_s } or null }
export function paintOverlay(view) {
  const { context, ratio, width, height, ink } = view;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.font = `11px ${ink.font}`;
  context.textBaseline = "middle";
  if (view.range) range(view);
  if (view.ruler) ruler(view);
  cursor(view);
}

function cursor(view) {
  const { context, ink, width, height, cursor_s } = view;
  const x = xOf(view, cursor_s);
  if (x < GUTTER_PX - 1 || x > width + 1) return;
  context.fillStyle = ink.accent;
  context.fillRect(x - 1, 0, 2, height - AXIS_PX + 4);
  const text = (cursor_s - view.clip.start_s).toFixed(2);
  const wide = context.measureText(text).width + 10;
  const left = clamp(x - wide / 2, GUTTER_PX, width - wide);
  context.fillRect(left, height - 18, wide, 17);
  context.fillStyle = ink.onAccent;
  context.textAlign = "center";
  context.fillText(text.replace("-", "−"), left + wide / 2, height - 9);
}

function range(view) {
  const { context, ink, height } = view;
  const [from, to] = ends(view, view.range);
  context.fillStyle = ink.accent;
  context.globalAlpha = 0.18;
  context.fillRect(from, 0, to - from, height - AXIS_PX);
  context.globalAlpha = 1;
  for (const x of [from, to]) context.fillRect(x - 0.5, 0, 1, height - AXIS_PX);
}

// Two dashed lines, and between them the band of the channel that is measured.
function ruler(view) {
  const { context, ink, height, ruler: { row, rowHeight } } = view;
  const [from, to] = ends(view, view.ruler);
  if (row !== null) {
    context.fillStyle = ink.info;
    context.globalAlpha = 0.14;
    context.fillRect(from, row * rowHeight, to - from, rowHeight);
    context.globalAlpha = 1;
  }
  context.strokeStyle = ink.info;
  context.lineWidth = 1.5;
  context.setLineDash([5, 3]);
  context.beginPath();
  for (const x of [from, to]) {
    context.moveTo(x, 0);
    context.lineTo(x, height - AXIS_PX);
  }
  context.stroke();
  context.setLineDash([]);
}

function ends(view, { from_s, to_s }) {
  return [from_s, to_s].map((session_s) => clamp(xOf(view, session_s), GUTTER_PX, view.width)).sort((a, b) => a - b);
}
