// The worker of the panel below the traces: numbers away from the page, so that playing never waits for them.

import { FigureMath } from "./figuremath.js";

const math = new FigureMath();

self.addEventListener("message", ({ data }) => {
  if (data.tile) math.setTile(data.tile);
  if (data.ask) self.postMessage({ number: data.number, result: math.compute(data.ask) });
});
