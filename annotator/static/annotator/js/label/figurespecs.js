// Numbers → pictures for Plotly and the same in words. Pure. Cividis where colour is a number: it reads alike for every kind of colour vision.

import { BANDS, HIGHEST_HZ } from "./spectrum.js";
import { AMPLITUDE } from "./figuremath.js";
import { FIGURES } from "./figurestrings.js";

const SCALE = "Cividis";
const RIM = 1; // the head's outline, see topomap.js
// fixed, so that what has a time axis stands in step, and so that the page can lay its cursor over it
export const TIME_MARGIN = { l: 42, r: 92, t: 4, b: 22 };
const FONT_PX = 11;

const axis = (more) => ({ fixedrange: true, zeroline: false, tickangle: 0, ...more });
const layoutOf = (more) => ({ margin: { ...TIME_MARGIN, autoexpand: false }, showlegend: false, hoverlabel: { font: { size: FONT_PX } }, ...more });
const colorbar = (text) => ({ thickness: 8, outlinewidth: 0, title: { text, side: "right" }, tickfont: { size: FONT_PX }, len: 1 });

const digits = (value) => {
  const size = Math.abs(value);
  if (size >= 100) return value.toFixed(0);
  return value.toFixed(size >= 10 ? 1 : 2);
};
const signed = (value) => digits(value).replace("-", "−");

// Light to dark, evenly along Cividis: told apart by everybody, on either ground.
const BAND_COLOURS = ["rgb(253,231,55)", "rgb(190,177,110)", "rgb(124,123,120)", "rgb(66,78,107)", "rgb(0,32,77)"];

// Shares of the power, one upon another, as they change over the stretch.
export function bandsFigure({ shares, n_channels, times_s, course }, { origin_s, span }) {
  const percents = shares.map((share) => Math.round(1000 * share) / 10);
  const names = BANDS.map(({ key, low_hz, high_hz }) => FIGURES.band(key, low_hz, high_hz));
  const list = BANDS.map(({ key }, band) => `${FIGURES.bandName(key)} ${percents[band]} %`).join(", ");
  return {
    data: runsOf(course[0]).flatMap(([from, to], run) => BANDS.map((_, band) => ({
      type: "scatter", mode: "lines", stackgroup: `run${run}`, x: times_s.slice(from, to).map((time_s) => time_s - origin_s), y: course[band].slice(from, to).map((share) => 100 * share),
      name: names[band], legendgroup: names[band], showlegend: run === 0, line: { width: 0.5, color: BAND_COLOURS[band] }, fillcolor: BAND_COLOURS[band],
      hovertemplate: `${names[band]}: %{y:.0f} %<extra></extra>`,
    }))),
    layout: layoutOf({
      showlegend: true, legend: { x: 1.01, xanchor: "left", y: 0.5, yanchor: "middle", traceorder: "reversed", font: { size: FONT_PX - 1 }, itemclick: false, itemdoubleclick: false },
      hovermode: "x unified", xaxis: timeAxis({ origin_s, span }), yaxis: axis({ range: [0, 100], ticksuffix: " %", nticks: 3 }),
    }),
    words: [FIGURES.bandsWords(list, n_channels), strongestWords({ times_s, course, origin_s })].filter(Boolean).join(" "),
  };
}

// [from, to) of what lies between gaps: over a gap nothing is drawn.
function runsOf(values) {
  const runs = [];
  let from = null;
  for (let i = 0; i <= values.length; i += 1) {
    const isThere = i < values.length && Number.isFinite(values[i]);
    if (isThere) from ??= i;
    else if (from !== null) {
      runs.push([from, i]);
      from = null;
    }
  }
  return runs;
}

const timeAxis = ({ origin_s, span }) => axis({ ticksuffix: " s", nticks: 6, range: [span.start_s - origin_s, span.stop_s - origin_s] });

// When alpha, which is looked for most, has its greatest share.
function strongestWords({ times_s, course, origin_s }) {
  const alpha = course[BANDS.findIndex(({ key }) => key === "alpha")];
  const at = alpha.reduce((best, share, i) => (Number.isFinite(share) && !(share <= alpha[best]) ? i : best), 0);
  if (!Number.isFinite(alpha[at])) return "";
  return FIGURES.strongestWords((times_s[at] - origin_s).toFixed(1), Math.round(100 * alpha[at]));
}

// origin_s: what the page's times count from.
export function spectrogramFigure({ channel, times_s, freqs_hz, db }, { origin_s, span }) {
  const peak = peakOf(freqs_hz, db);
  return {
    data: [{
      type: "heatmap", x: times_s.map((time_s) => time_s - origin_s), y: freqs_hz, z: db, colorscale: SCALE, colorbar: colorbar("dB"),
      hovertemplate: "%{x:.2f} s, %{y:.1f} Hz: %{z:.1f} dB<extra></extra>", ...rangeOf(db),
    }],
    layout: layoutOf({
      xaxis: timeAxis({ origin_s, span }), yaxis: axis({ title: { text: "Hz", standoff: 4 }, range: [0, HIGHEST_HZ] }),
    }),
    words: FIGURES.spectrogramWords(channel, peak.hz.toFixed(1), signed(peak.db)),
  };
}

// The frequency that is strongest on the average of the stretch.
function peakOf(freqs_hz, db) {
  const means = db.map((row) => row.filter((value) => value !== null)).map((row) => 10 * Math.log10(row.reduce((sum, value) => sum + 10 ** (value / 10), 0) / row.length));
  const at = means.indexOf(Math.max(...means));
  return { hz: freqs_hz[at], db: means[at] };
}

// From the 2nd to the 99th of a hundred: one pop does not paint all the rest in one colour.
function rangeOf(db) {
  const sorted = db.flat().filter((value) => value !== null).sort((a, b) => a - b);
  const low = sorted[Math.floor(0.02 * (sorted.length - 1))];
  return { zmin: low, zmax: Math.max(sorted[Math.ceil(0.99 * (sorted.length - 1))], low + 1) };
}

export function mapFigure({ topic, names, values, places, rows }) {
  const unit = topic === AMPLITUDE ? "µV" : "µV²";
  const points = rows.map((_, i) => -RIM + (2 * RIM * i) / (rows.length - 1));
  const [low, high] = [values.indexOf(Math.min(...values)), values.indexOf(Math.max(...values))];
  return {
    data: [
      { type: "heatmap", x: points, y: points, z: rows, colorscale: SCALE, zsmooth: "best", hoverinfo: "skip", colorbar: colorbar(unit), ...zRange(topic, values) },
      {
        type: "scatter", mode: "markers", x: places.map(([x]) => x), y: places.map(([, y]) => y), text: names.map((name, i) => `${name}: ${signed(values[i])} ${unit}`),
        hovertemplate: "%{text}<extra></extra>", marker: { size: 4, color: "white", line: { width: 1, color: "black" } },
      },
    ],
    layout: layoutOf({
      margin: { l: 4, r: 4, t: 4, b: 4 },
      xaxis: axis({ visible: false, range: [-1.16, 1.16] }), yaxis: axis({ visible: false, range: [-1.06, 1.24], scaleanchor: "x" }),
      shapes: headShapes(),
    }),
    words: FIGURES.mapWords(FIGURES.topics[topic], `${names[high]} ${signed(values[high])} ${unit}`, `${names[low]} ${signed(values[low])} ${unit}`),
  };
}

// An amplitude's zero lies in the middle of the scale; a power's begins at 0.
function zRange(topic, values) {
  const most = Math.max(...values.map(Math.abs), 1e-9);
  return { zmin: topic === AMPLITUDE ? -most : 0, zmax: most };
}

// Skull, nose and ears; drawn in the page's ink where no colour is given (figures.js).
function headShapes() {
  const line = { width: 1.5 };
  return [
    { type: "circle", x0: -RIM, x1: RIM, y0: -RIM, y1: RIM, line },
    { type: "path", path: "M -0.14,0.99 L 0,1.18 L 0.14,0.99", line },
    { type: "path", path: "M -0.99,0.16 Q -1.12,0.2 -1.1,0 Q -1.12,-0.2 -0.99,-0.16", line },
    { type: "path", path: "M 0.99,0.16 Q 1.12,0.2 1.1,0 Q 1.12,-0.2 0.99,-0.16", line },
  ];
}
