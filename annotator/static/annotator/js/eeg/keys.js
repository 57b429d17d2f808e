// The keys of the traces, the same on every page that has them. Pure.

export const TRACE_KEYS = [
  { keys: ["[", "]"], does: "page" },
  { keys: [".", ","], does: "zoom" },
  { keys: ["A"], does: "all" },
  { keys: ["C"], does: "home" },
  { keys: ["−", "+"], does: "gain" },
  { keys: ["M"], does: "montage" },
  { keys: ["F"], does: "filters" },
  { keys: ["Z"], does: "zscore" },
  { keys: ["K"], does: "cut" },
  { keys: ["R"], does: "ruler" },
  { keys: ["Page ↑", "Page ↓", "H"], does: "rows", where: "pane" }, // the pane's own, see eegpane.js
];

const ACTIONS = {
  "[": { name: "page", by: -1 }, "]": { name: "page", by: 1 }, ".": { name: "zoom", by: 0.5 }, ",": { name: "zoom", by: 2 },
  "+": { name: "gain", by: 1 }, "=": { name: "gain", by: 1 }, "-": { name: "gain", by: -1 }, "−": { name: "gain", by: -1 },
  a: { name: "all" }, c: { name: "home" }, f: { name: "filters" }, z: { name: "zscore" }, k: { name: "cut" }, r: { name: "ruler" },
};

export function traceAction(key, shiftKey = false) {
  if (key.toLowerCase() === "m") return { name: "montage", by: shiftKey ? -1 : 1 };
  return ACTIONS[key.length === 1 ? key.toLowerCase() : key] ?? null;
}

export const TRACE_ACTIONS = ["montage", ...new Set(Object.values(ACTIONS).map(({ name }) => name))];

// Those that go on while the key is held.
export const REPEATING = ["page", "zoom", "gain"];
