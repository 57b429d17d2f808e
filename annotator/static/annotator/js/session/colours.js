// The page's colours for a canvas: they change with the theme.

const NAMES = {
  font: "--font", panel: "--panel", sunken: "--sunken", line: "--line", lineStrong: "--line-strong", ink: "--ink", ink2: "--ink-2",
  ink3: "--ink-3", accent: "--accent", onAccent: "--on-accent", right: "--data-right", good: "--data-4",
};

export function readColours(element) {
  const style = getComputedStyle(element);
  return Object.fromEntries(Object.entries(NAMES).map(([name, property]) => [name, style.getPropertyValue(property).trim()]));
}
