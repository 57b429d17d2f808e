// Small self-assessment figures of our own, drawn as SVG: a face for valence, a burst for arousal, a size for dominance.

const SVG = "http://www.w3.org/2000/svg";

const DRAWINGS = { valence: face, arousal: burst, dominance: stature };

// level 1..levels; null where the dimension has no figure
export function manikin(key, level, levels) {
  const draw = DRAWINGS[key];
  if (!draw) return null;
  const svg = element("svg", { viewBox: "0 0 24 24", class: "manikin", "aria-hidden": "true", focusable: "false" });
  svg.append(...draw((level - 1) / (levels - 1)));
  return svg;
}

function face(share) {
  const bend = (share - 0.5) * 9;
  return [
    element("circle", { cx: 12, cy: 12, r: 9.5 }),
    element("path", { d: "M8.7 9.2v.6M15.3 9.2v.6" }),
    element("path", { d: `M7.5 ${15.6 - bend / 3}Q12 ${15.6 + bend * 0.75} 16.5 ${15.6 - bend / 3}` }),
  ];
}

function burst(share) {
  const inner = 2 + share * 2.5;
  const outer = inner + 0.8 + share * 5;
  const points = Array.from({ length: 20 }, (_, i) => {
    const radius = i % 2 ? inner : outer;
    const angle = (i * Math.PI) / 10;
    return `${(12 + radius * Math.sin(angle)).toFixed(2)},${(12 - radius * Math.cos(angle)).toFixed(2)}`;
  });
  return [element("polygon", { points: points.join(" ") })];
}

function stature(share) {
  const scale = 0.4 + 0.6 * share;
  return [
    element("circle", { cx: 12, cy: 22 - 17.5 * scale, r: 3.2 * scale }),
    element("path", { d: `M${12 - 5 * scale} 22v${-7 * scale}a${5 * scale} ${5 * scale} 0 0 1 ${10 * scale} 0v${7 * scale}z` }),
  ];
}

function element(name, attributes) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}
