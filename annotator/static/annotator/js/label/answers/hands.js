// How hands lead a value, in traces and in the calibration alike: a lag measured with other steps would be another lag.

// of a bounded value: by held keys, units a second; one press; one notch of the wheel
export const KEY_RATE = 1.0;
export const KEY_STEP = 0.02;
export const WHEEL_STEP = 0.05;
// of an unbounded one every press and notch is a step, and so many pixels of the pointer
export const STEP_PX = 40;

export const DIRECTIONS = { ArrowUp: 1, ArrowDown: -1 };
const POINTERS = { mouse: "m", touch: "t", pen: "p" };

// the letter of an event
export function pointerLetter(pointerType) {
  return POINTERS[pointerType] ?? "m";
}
