// Small self-assessment figures of our own, drawn as SVG, after the idea of Bradley & Lang (1994): one person throughout, whose
// face tells valence, whose eyes and breast tell arousal, and whose size within a frame tells dominance.

const SVG = "http://www.w3.org/2000/svg";

const DRAWINGS = { valence: valenceFigure, arousal: arousalFigure, dominance: dominanceFigure };

// level 1..levels; null where the dimension has no figure
export function manikin(key, level, levels) {
  const draw = DRAWINGS[key];
  if (!draw) return null;
  const svg = element("svg", { viewBox: "0 0 32 32", class: "manikin", "aria-hidden": "true", focusable: "false" });
  svg.append(...draw((level - 1) / (levels - 1)));
  return svg;
}

// From a frown with lowered brows to a smile with raised ones.
function valenceFigure(share) {
  const bend = 2 * share - 1; // −1..1
  const brow = 0.9 * bend;
  return [
    ...bust(),
    element("path", { d: `M10.6 ${8.4 - brow}l3.4 ${1.4 * brow}M21.4 ${8.4 - brow}l-3.4 ${1.4 * brow}` }),
    ...eyes(1, 11.4),
    element("path", { d: `M11.6 ${n(16.4 - 1.6 * bend)}Q16 ${n(16.4 + 3.4 * bend)} 20.4 ${n(16.4 - 1.6 * bend)}` }),
  ];
}

// From closed eyes and a still breast to wide eyes and a breast that bursts.
function arousalFigure(share) {
  return [
    element("rect", { x: 10.5, y: 2, width: 11, height: 10, rx: 3.2 }),
    ...eyes(0.15 + 1.25 * share, 7),
    element("path", { d: "M5 30.5V20.5a5.5 5.5 0 0 1 5.5-5.5h11a5.5 5.5 0 0 1 5.5 5.5v10" }),
    burst(16, 23, 0.9 + 1.3 * share, 1.2 + 5.6 * share),
  ];
}

// The same person, small in the frame or filling it.
function dominanceFigure(share) {
  const size = 0.36 + 0.6 * share;
  const at = (x, y) => `${n(16 + (x - 16) * size)} ${n(29 + (y - 29) * size)}`;
  return [
    element("rect", { x: 1.5, y: 1.5, width: 29, height: 29, rx: 2, class: "frame" }),
    element("path", { class: "solid", d: `M${at(12, 5)}L${at(20, 5)}L${at(21, 6)}L${at(21, 13)}L${at(20, 14)}L${at(12, 14)}L${at(11, 13)}L${at(11, 6)}Z` }),
    element("path", { class: "solid", d: `M${at(6, 29)}L${at(6, 19)}L${at(9, 16)}L${at(23, 16)}L${at(26, 19)}L${at(26, 29)}Z` }),
  ];
}

function bust() {
  return [
    element("rect", { x: 7, y: 3, width: 18, height: 18, rx: 5 }),
    element("path", { d: "M4 30.5v-1.5a4.5 4.5 0 0 1 4.5-4.5h15a4.5 4.5 0 0 1 4.5 4.5v1.5" }),
  ];
}

// open: 0 shut .. 1.4 wide
function eyes(open, y) {
  return [13, 19].map((x) => element("ellipse", { cx: x, cy: y, rx: 1.1, ry: n(Math.max(0.25, 1.1 * open)), class: "solid" }));
}

function burst(x, y, inner, outer) {
  const points = Array.from({ length: 16 }, (_, i) => {
    const radius = i % 2 ? inner : outer;
    const angle = (i * Math.PI) / 8;
    return `${n(x + radius * Math.sin(angle))},${n(y - radius * Math.cos(angle))}`;
  });
  return element("polygon", { points: points.join(" "), class: "solid" });
}

function n(number) {
  return Number(number.toFixed(2));
}

function element(name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}
