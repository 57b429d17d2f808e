// The curve of a recorded trace, small: what was not seen stays empty.

import { edgesOf, resampleHeld } from "./resample.js";

// Where values lie between bottom (0) and top (1): the bounds, or as far as the trace went, at least 5 steps each way.
export function scaleOf(values, bounds) {
  if (bounds) return bounds;
  const reach = values.reduce((most, value) => (Number.isNaN(value) ? most : Math.max(most, Math.abs(value))), 5);
  return { low: -reach, high: reach };
}

export function drawCurve(canvas, { events, span, bounds }) {
  const { clientWidth: width, clientHeight: height } = canvas;
  if (!width || !height) return;
  const ratio = window.devicePixelRatio || 1;
  Object.assign(canvas, { width: width * ratio, height: height * ratio });
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  const colours = getComputedStyle(canvas);
  context.strokeStyle = colours.getPropertyValue("--line-strong");
  context.setLineDash([2, 3]);
  line(context, [[0, height / 2], [width, height / 2]]);
  if (!events?.device) return;
  const values = resampleHeld(events, edgesOf(span, Math.round(width / 2)));
  const { low, high } = scaleOf(values, bounds);
  context.setLineDash([]);
  context.strokeStyle = colours.getPropertyValue("--accent");
  context.lineWidth = 2;
  for (const piece of piecesOf(values)) {
    line(context, piece.map(([i, value]) => [2 * i + 1, 2 + (height - 4) * (1 - (value - low) / (high - low))]));
  }
}

// Runs of numbers, as [index, value].
export function piecesOf(values) {
  const pieces = [];
  values.forEach((value, i) => {
    if (Number.isNaN(value)) return;
    if (i === 0 || Number.isNaN(values[i - 1])) pieces.push([]);
    pieces.at(-1).push([i, value]);
  });
  return pieces;
}

function line(context, points) {
  context.beginPath();
  points.forEach(([x, y], i) => (i ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.stroke();
}
