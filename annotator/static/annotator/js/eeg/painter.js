// Draws the signals' canvas: traces from memory, then what lies under and over them. Holds nothing between two pictures but the memory.

import { isAux, shortName, sideOf } from "../label/channels.js";
import { columnBins, columnReach, niceBelow } from "../label/minmax.js";
import { STRINGS } from "../label/strings.js";
import { clamp, timeTicks } from "../label/timemap.js";
import { runs } from "./arrange.js";
import { baselineOf, deviationOf } from "./levels.js";
import { layoutMarks } from "./marks.js";
import { colourWord, rasterTrace } from "./raster.js";

export const GUTTER_PX = 72;
export const AXIS_PX = 22;
const BAD_STRENGTH = 0.45; // stands back, but can be read
const TALLEST_GAIN_PX = 64;
const LABEL_PX = 11;
const BESIDE_PX = 6;

export class Painter {
  #columns = new Float32Array(0);

  // view: { context, ratio, width, height, ink, tile, clip, span, places, rowHeight, gain, isZ, isClipped, marks, note, focusRow }
  paint(view) {
    const { context } = view;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
    if (view.places.length) this.#traces(view);
    context.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
    context.font = `${LABEL_PX}px ${view.ink.font}`;
    context.textBaseline = "middle";
    const nMarks = marksOver(view);
    // what belongs under the traces is painted after them, the uppermost first
    context.globalCompositeOperation = "destination-over";
    ticks(view);
    groupLines(view);
    outside(view);
    context.globalCompositeOperation = "source-over";
    axis(view);
    if (view.places.length) names(view);
    bounds(view);
    if (view.places.length) scale(view);
    if (view.note) note(view);
    return { nMarks };
  }

  #traces(view) {
    const { context, ratio, ink, span, tile, places } = view;
    const left = Math.round(GUTTER_PX * ratio);
    const width = Math.max(1, Math.round(view.width * ratio) - left);
    const height = Math.max(1, Math.round((view.height - AXIS_PX) * ratio));
    const pixels = this.#memory(width, height);
    const columns = { first: (span.start_s - tile.start_s) * tile.sfreq, perColumn: ((span.stop_s - span.start_s) * tile.sfreq) / width, nColumns: width };
    const words = Object.fromEntries(["left", "mid", "right", "aux"].map((side) => [side, colourWord(ink[side])]));
    places.forEach(({ index }, row) => {
      const channel = tile.channels[index];
      const reach = this.#reach(channel, { ...columns, row, view });
      const [top, bottom] = view.isClipped ? bandOf(row, view) : [0, height];
      const strength = channel.isBad ? BAD_STRENGTH : 1;
      rasterTrace({ pixels, width }, { reach, left: 0, colour: words[sideOf(channel)], strength, thick: Math.max(1, ratio), top, bottom });
    });
    context.putImageData(this.image, left, 0);
  }

  // The same memory as long as the pane keeps its size.
  #memory(width, height) {
    if (this.image?.width !== width || this.image.height !== height) {
      this.image = new ImageData(width, height);
      this.pixels = new Uint32Array(this.image.data.buffer);
    } else {
      this.pixels.fill(0);
    }
    return this.pixels;
  }

  // From which y to which each column reaches, upper end first, in pixels of the screen.
  #reach(channel, { first, perColumn, nColumns, row, view }) {
    if (this.#columns.length !== 2 * nColumns) this.#columns = new Float32Array(2 * nColumns);
    const reach = this.#columns;
    const columns = { first, perColumn, nColumns };
    if (channel.samples) columnReach(channel.samples, columns, reach);
    else columnBins(channel, columns, reach);
    const baseline = baselineOf(channel, first, first + nColumns * perColumn);
    const middle = (row + 0.5) * view.rowHeight * view.ratio;
    const height = ((channel.scale_uv * gainHeight(view)) / rowUnit(channel, view)) * view.ratio;
    for (let at = 0; at < reach.length; at += 2) {
      const upper = middle - (reach[at + 1] - baseline) * height;
      reach[at + 1] = middle - (reach[at] - baseline) * height;
      reach[at] = upper;
    }
    return reach;
  }
}

const plotRight = ({ width }) => width;
const plotBottom = ({ height }) => height - AXIS_PX;

export function xOf({ span, width }, session_s) {
  return GUTTER_PX + ((session_s - span.start_s) / (span.stop_s - span.start_s)) * (width - GUTTER_PX);
}

// Few channels: more room, not taller traces.
const gainHeight = ({ rowHeight }) => Math.min(rowHeight, TALLEST_GAIN_PX);

// A row's height is so many µV, or so many of its own standard deviations. Aux channels are of another size (ECG in mV): they get a
// tenth of the gain.
function rowUnit(channel, { gain, isZ }) {
  if (isZ) return gain * (deviationOf(channel) || 1);
  return isAux(channel) ? gain * 10 : gain;
}

function bandOf(row, { rowHeight, ratio }) {
  return [row * rowHeight * ratio, (row + 1) * rowHeight * ratio];
}

// What lies outside the clip is context: on a sunken ground.
function outside(view) {
  const { context, ink, clip } = view;
  context.fillStyle = ink.sunken;
  const left = clamp(xOf(view, clip.start_s), GUTTER_PX, plotRight(view));
  const right = clamp(xOf(view, clip.stop_s), GUTTER_PX, plotRight(view));
  context.fillRect(GUTTER_PX, 0, left - GUTTER_PX, plotBottom(view));
  context.fillRect(right, 0, plotRight(view) - right, plotBottom(view));
}

function bounds(view) {
  const { context, ink, clip } = view;
  context.fillStyle = ink.ink3;
  for (const bound_s of [clip.start_s, clip.stop_s]) {
    const x = Math.round(xOf(view, bound_s));
    if (x > GUTTER_PX && x < plotRight(view)) context.fillRect(x, 0, 1, plotBottom(view));
  }
}

const ticksOf = ({ span, clip, width }) => timeTicks(span, clip.start_s, width - GUTTER_PX);

function ticks(view) {
  view.context.fillStyle = view.ink.line;
  for (const { session_s } of ticksOf(view).ticks) view.context.fillRect(Math.round(xOf(view, session_s)), 0, 1, plotBottom(view) + 4);
}

function axis(view) {
  const { context, ink } = view;
  const { step_s, ticks: places } = ticksOf(view);
  const digits = step_s < 1 ? Math.ceil(-Math.log10(step_s) - 1e-9) : 0;
  const bottom = plotBottom(view);
  context.textAlign = "center";
  context.fillStyle = ink.ink3;
  for (const { session_s, relative_s } of places) {
    const x = Math.round(xOf(view, session_s));
    const text = `${relative_s < -1e-9 ? "−" : ""}${Math.abs(relative_s).toFixed(digits)}`;
    if (x > GUTTER_PX + 8 && x < plotRight(view) - 20) context.fillText(text, x, bottom + 13);
  }
  context.fillStyle = ink.lineStrong;
  context.fillRect(GUTTER_PX, bottom, plotRight(view) - GUTTER_PX, 1);
  context.textAlign = "right";
  context.fillStyle = ink.ink3;
  context.fillText("s", plotRight(view) - 6, bottom + 13);
}

function groupLines(view) {
  view.context.fillStyle = view.ink.line;
  for (const { first } of runs(view.places)) if (first) view.context.fillRect(0, Math.round(first * view.rowHeight), view.width, 1);
}

function names(view) {
  const { context, ink, places, rowHeight, tile, focusRow } = view;
  const every = Math.max(1, Math.ceil(LABEL_PX / rowHeight));
  if (focusRow !== null && focusRow < places.length) {
    context.fillStyle = ink.accentSoft;
    context.fillRect(0, focusRow * rowHeight, GUTTER_PX - 2, Math.max(rowHeight, LABEL_PX));
  }
  const nameWidths = places.map(({ index }, row) => {
    // where there is no room for all names, the chosen row's stands in place of its neighbours'
    const isBesideFocus = focusRow !== null && row !== focusRow && Math.abs(row - focusRow) < every;
    if (isBesideFocus || (row % every && row !== focusRow)) return 0;
    const channel = tile.channels[index];
    const text = channel.isBad ? `✕ ${shortName(channel).slice(0, 9)}` : shortName(channel).slice(0, 10);
    context.textAlign = "right";
    context.fillStyle = ink[sideOf(channel)];
    context.fillText(text, GUTTER_PX - 6, (row + 0.5) * rowHeight, GUTTER_PX - 8);
    return context.measureText(text).width;
  });
  groupNames(view, nameWidths);
}

// Left of the names where there is room for both.
function groupNames({ context, ink, places, rowHeight }, nameWidths) {
  context.textAlign = "left";
  context.fillStyle = ink.ink3;
  for (const { mark, first, count } of runs(places)) {
    const text = mark.startsWith("chain:") ? mark.slice(6) : STRINGS.regions[mark] ?? "";
    const middle = first + Math.floor(count / 2);
    const beside = Math.max(nameWidths[middle] ?? 0, count % 2 ? 0 : nameWidths[middle - 1] ?? 0);
    if (context.measureText(text).width + beside + 2 * BESIDE_PX + 2 < GUTTER_PX) context.fillText(text, 4, first * rowHeight + (count * rowHeight) / 2);
  }
}

// Bottom right: so many µV (or SD) high, so many seconds wide.
function scale(view) {
  const { context, ink, gain, isZ } = view;
  const length_s = view.span.stop_s - view.span.start_s;
  const high = niceBelow((gain * 40) / gainHeight(view));
  const highPx = (high / gain) * gainHeight(view);
  const seconds = niceBelow(length_s / 8);
  const widePx = (seconds / length_s) * (view.width - GUTTER_PX);
  const [right, bottom] = [view.width - 14, plotBottom(view) - 12];
  const label = `${isZ ? STRINGS.deviations(high) : STRINGS.gain(high)} · ${seconds} s`;
  const room = Math.max(widePx, context.measureText(label).width);
  plate(view, { x: right - room - 6, y: bottom - highPx - 18, width: room + 12, height: highPx + 26 });
  context.fillStyle = ink.ink;
  context.fillRect(right - widePx, bottom, widePx, 2);
  context.fillRect(right - 2, bottom - highPx, 2, highPx + 2);
  context.textAlign = "right";
  context.fillText(label, right, bottom - highPx - 10);
}

// Top right: what these traces are, where that isn't plain to see.
function note(view) {
  const { context, ink } = view;
  const width = context.measureText(view.note).width + 12;
  plate(view, { x: view.width - width - 8, y: 6, width, height: 18 });
  context.fillStyle = ink.ink;
  context.textAlign = "right";
  context.fillText(view.note, view.width - 14, 15);
}

function plate({ context, ink }, { x, y, width, height }) {
  context.fillStyle = ink.panel;
  context.globalAlpha = 0.88;
  context.fillRect(x, y, width, height);
  context.globalAlpha = 1;
}

// Lines dashed by kind, so that colour alone says nothing; stretches are shaded between two lines.
const MARK_LOOKS = { event: ["info", [4, 3]], annotation: ["accent", []], artefact: ["bad", [1, 3]] };
const lookOf = (kind) => MARK_LOOKS[kind] ?? ["ink2", [6, 2, 1, 2]];

function marksOver(view) {
  const { context, ink, marks } = view;
  if (!marks.length) return 0;
  const widths = new Map();
  const textWidth = (text) => widths.get(text) ?? widths.set(text, context.measureText(text).width).get(text);
  const laid = layoutMarks(marks, { span: view.span, x: (session_s) => xOf(view, session_s), textWidth, left: GUTTER_PX, right: plotRight(view) });
  context.save();
  context.beginPath();
  context.rect(GUTTER_PX, 0, plotRight(view) - GUTTER_PX, plotBottom(view));
  context.clip();
  for (const { x, width, kind } of laid.bands) {
    context.globalAlpha = 0.12;
    context.fillStyle = ink[lookOf(kind)[0]];
    context.fillRect(x, 0, width, plotBottom(view));
  }
  context.globalAlpha = 1;
  for (const kind of new Set(laid.lines.map((line) => line.kind))) markLines(view, kind, laid.lines.filter((line) => line.kind === kind));
  for (const { x, text, kind } of laid.labels) markLabel(view, { x, text, kind, width: textWidth(text) });
  context.restore();
  return laid.count;
}

function markLines(view, kind, lines) {
  const { context, ink } = view;
  const [name, dashes] = lookOf(kind);
  context.strokeStyle = ink[name];
  context.setLineDash(dashes);
  context.lineWidth = 1;
  context.beginPath();
  for (const { x } of lines) {
    context.moveTo(x + 0.5, 0);
    context.lineTo(x + 0.5, plotBottom(view));
  }
  context.stroke();
  context.setLineDash([]);
}

function markLabel(view, { x, text, kind, width }) {
  plate(view, { x: x - 1, y: 1, width: width + 4, height: 14 });
  view.context.fillStyle = view.ink[lookOf(kind)[0]];
  view.context.textAlign = "left";
  view.context.fillText(text, x + 1, 8);
}
