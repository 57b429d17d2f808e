/* Draws every figure of the page from JSON: <figure data-figure="address of {data, layout}">. */

import { themed } from "./figure-theme.js";
import { gettext } from "./words.js";

const OPTIONS = { displaylogo: false, responsive: true, modeBarButtonsToRemove: ["select2d", "lasso2d"] };

async function draw(element) {
  const answer = await fetch(element.dataset.figure, { headers: { Accept: "application/json" } });
  if (!answer.ok) {
    element.textContent = gettext("The figure could not be loaded. Reload the page to try again.");
    return;
  }
  const figure = await answer.json();
  const style = getComputedStyle(document.documentElement);
  const layout = themed(figure.layout, (name) => style.getPropertyValue(name).trim());
  await globalThis.Plotly.react(element, figure.data, layout, OPTIONS);
  element.dataset.drawn = "true";
}

function drawAll() {
  for (const element of document.querySelectorAll("[data-figure]")) draw(element);
}

if (globalThis.Plotly) drawAll();
else document.addEventListener("DOMContentLoaded", drawAll);
new MutationObserver(drawAll).observe(document.documentElement, { attributeFilter: ["data-theme"] });
