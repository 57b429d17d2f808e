// Events and annotations over the traces: which of them are in view, at which pixel, and which labels there is room for. Pure.

// marks: [{ start_s, stop_s?, kind, text }] → the same in the order of time
export function inOrder(marks) {
  return [...marks].sort((a, b) => a.start_s - b.start_s);
}

// marks in the order of time; x: session_s → px; textWidth: text → px; left, right: the ends of the plot.
// → { count: how many are in view, bands: [{ x, width, kind }], lines: [{ x, kind }], labels: [{ x, text, kind, n }] }
export function layoutMarks(marks, { span, x, textWidth, left, right }) {
  const seen = inView(marks, span);
  const laid = { count: seen.length, bands: [], lines: [], labels: [] };
  const lines = new Set();
  for (const { start_s, stop_s, kind, text } of seen) {
    const at = Math.round(x(start_s));
    const end = stop_s === undefined || stop_s === null ? at : Math.round(x(stop_s));
    if (end > at) laid.bands.push({ x: Math.max(at, left), width: Math.min(end, right) - Math.max(at, left), kind });
    for (const edge of end > at ? [at, end] : [at]) addLine(laid.lines, lines, { x: edge, kind }, left, right);
    addLabel(laid.labels, { x: Math.max(at, left) + 3, text, kind }, textWidth);
  }
  for (const label of laid.labels) label.text = labelText(label);
  return laid;
}

function inView(marks, { start_s, stop_s }) {
  const last = firstAfter(marks, stop_s);
  return marks.slice(0, last).filter((mark) => (mark.stop_s ?? mark.start_s) >= start_s);
}

// How many begin no later than this.
function firstAfter(marks, session_s) {
  let [low, high] = [0, marks.length];
  while (low < high) {
    const half = (low + high) >> 1;
    if (marks[half].start_s <= session_s) low = half + 1;
    else high = half;
  }
  return low;
}

// Marks of one kind that fall on the same pixel are one line.
function addLine(lines, known, line, left, right) {
  const key = `${line.kind} ${line.x}`;
  if (line.x < left || line.x > right || known.has(key)) return;
  known.add(key);
  lines.push(line);
}

// A label that would touch the one before joins it, which then says how many more there are.
function addLabel(labels, { x, text, kind }, textWidth) {
  const last = labels.at(-1);
  if (last && x < last.x + textWidth(labelText(last)) + 8) last.n += 1;
  else if (text) labels.push({ x, text, kind, n: 1 });
}

const labelText = ({ text, n }) => (n > 1 ? `${text} +${n - 1}` : text);
