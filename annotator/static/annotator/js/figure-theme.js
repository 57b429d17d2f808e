/* A figure's layout in the page's colours. Pure: `colour` looks a custom property up. */

export function themed(layout, colour) {
  const axis = { gridcolor: colour("--line"), linecolor: colour("--line-strong") };
  const names = new Set(["xaxis", "yaxis", ...Object.keys(layout).filter((name) => /^[xy]axis\d+$/.test(name))]);
  return {
    ...layout,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { color: colour("--ink"), size: 13 },
    ...Object.fromEntries([...names].map((name) => [name, { ...axis, ...layout[name] }])),
  };
}
