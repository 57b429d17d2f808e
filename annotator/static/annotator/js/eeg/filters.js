// Which filters there are, and the sections that they come to at a rate. Pure.

import { bandStop, highPass, lowPass } from "./butterworth.js";

// Hz; 0 is off
export const CHOICES_HZ = { highPass: [0, 0.1, 0.5, 1, 4], lowPass: [0, 15, 30, 40, 70], notch: [0, 50, 60] };
export const OFF = { highPass: 0, lowPass: 0, notch: 0 };

const NOTCH_HALF_HZ = 1;
const HIGHEST_HZ = { highPass: (hz) => hz, lowPass: (hz) => hz, notch: (hz) => hz + NOTCH_HALF_HZ };
const SLOWEST_PAD_S = 15;
const CYCLES = 3; // of the slowest edge, until what lies at the ends has died away

const isBelowNyquist = (name, hz, sfreq) => HIGHEST_HZ[name](hz) < sfreq / 2;

// What can be chosen at this rate: nothing at or above half of it.
export function offeredHz(name, sfreq) {
  return CHOICES_HZ[name].filter((hz) => hz === 0 || isBelowNyquist(name, hz, sfreq));
}

export const isFiltering = (filters) => Object.values(filters).some((hz) => hz > 0);

// At a coarse rate what lies above half of it is gone already: such a filter has nothing left to do.
export function sectionsFor(filters, sfreq) {
  const makers = {
    highPass: (hz) => highPass(2, hz, sfreq),
    lowPass: (hz) => lowPass(4, hz, sfreq),
    notch: (hz) => bandStop(2, [hz - NOTCH_HALF_HZ, hz + NOTCH_HALF_HZ], sfreq),
  };
  return Object.entries(makers).filter(([name]) => filters[name] > 0 && isBelowNyquist(name, filters[name], sfreq))
    .flatMap(([name, make]) => make(filters[name]));
}

// How much beyond the view has to be filtered with it, so that the ends of the data don't show in it.
export function padOf({ highPass: high_hz, lowPass: low_hz, notch }) {
  const reaches_s = [high_hz && Math.min(SLOWEST_PAD_S, CYCLES / high_hz), low_hz && CYCLES / low_hz, notch && CYCLES / (2 * NOTCH_HALF_HZ)];
  return Math.max(0, ...reaches_s);
}
