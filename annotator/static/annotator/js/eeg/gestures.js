// What a pointer or a wheel on the pane means. Pure: takes plain positions, says what is to be done.
//   mouse  plot: seek · with alt, or armed: measure · with shift: choose a stretch; axis: sideways scrolls, up and down zooms; a name: hide its row
//   touch  one finger scrolls (up and down: the rows), armed: measures; a tap seeks; two fingers zoom
//   wheel  plain: the rows · shift, or sideways: time · ctrl: zoom · alt: gain

const STILL_PX = 5; // a hand that moves less than this holds still
const ZOOM_PX = 160; // so far along the axis doubles or halves what is seen
const WHEEL_ZOOM = 100;
const WHEEL_LINE_PX = 16;

export class Gestures {
  // zoneAt(x, y): "plot", "axis" or "gutter"; acts: { seek({ x }), pan({ dx }), stack({ dy }), zoom({ factor, x }), toggle({ y }),
  // measure({ from, to, y, isDone }), range({ from, to, isDone }) }; canRange(): whether anybody wants a stretch;
  // isArmed(): whether a plain drag measures
  constructor({ zoneAt, acts, canRange = () => false, isArmed = () => false }) {
    Object.assign(this, { zoneAt, acts, canRange, isArmed });
    this.held = new Map();
    this.mode = null;
  }

  down({ id, type, x, y, alt = false, shift = false }) {
    this.held.set(id, { x, y });
    if (this.held.size === 2) return this.#pinch();
    if (this.held.size > 2) return;
    this.start = { x, y };
    this.last = { x, y };
    this.mode = this.#modeAt({ type, x, y, alt, shift });
    if (this.mode === "seek") this.acts.seek({ x });
  }

  #modeAt({ type, x, y, alt, shift }) {
    const zone = this.zoneAt(x, y);
    if (zone === "gutter") return "name";
    if (zone === "axis") return "axis";
    if (alt || this.isArmed()) return "measure";
    if (type === "touch") return "touch";
    return shift && this.canRange() ? "range" : "seek";
  }

  move({ id, x, y }) {
    if (!this.held.has(id)) return;
    this.held.set(id, { x, y });
    if (this.mode === "pinch") return this.#pinch();
    const moved = MOVES[this.mode];
    if (moved) moved(this, { x, y });
    this.last = { x, y };
  }

  up({ id, x, y }) {
    if (!this.held.delete(id)) return;
    const mode = this.mode;
    if (mode !== "pinch") this.mode = null;
    else if (this.held.size === 0) this.mode = null;
    const isStill = this.start && Math.hypot(x - this.start.x, y - this.start.y) < STILL_PX;
    const span = { from: this.start?.x, to: x };
    if (mode === "touch" && isStill) this.acts.seek({ x });
    if (mode === "name" && isStill) this.acts.toggle({ y });
    if (mode === "measure") this.acts.measure({ ...span, y: this.start.y, isDone: true });
    if (mode === "range") this.acts.range({ ...span, isDone: true });
  }

  cancel() {
    this.held.clear();
    this.mode = null;
    this.fingers = null;
  }

  // Both fingers stay on what they hold: the distance zooms, the middle scrolls.
  #pinch() {
    const [one, other] = [...this.held.values()];
    if (!other) return;
    const fingers = { wide: Math.max(24, Math.hypot(one.x - other.x, one.y - other.y)), x: (one.x + other.x) / 2 };
    if (this.mode === "pinch") {
      if (fingers.x !== this.fingers.x) this.acts.pan({ dx: fingers.x - this.fingers.x });
      if (fingers.wide !== this.fingers.wide) this.acts.zoom({ factor: this.fingers.wide / fingers.wide, x: fingers.x });
    }
    if (this.mode === "measure") this.acts.measure({ from: this.start.x, to: this.start.x, y: this.start.y, isDone: true }); // takes it away
    this.mode = "pinch";
    this.fingers = fingers;
  }
}

const MOVES = {
  seek: ({ acts }, { x }) => acts.seek({ x }),
  measure: ({ acts, start }, { x }) => acts.measure({ from: start.x, to: x, y: start.y, isDone: false }),
  range: ({ acts, start }, { x }) => acts.range({ from: start.x, to: x, isDone: false }),
  touch: (gestures, place) => decide(gestures, place, { sideways: "pan", upright: "stack" }),
  axis: (gestures, place) => decide(gestures, place, { sideways: "pan", upright: "zoom" }),
  pan: ({ acts, last }, { x }) => acts.pan({ dx: x - last.x }),
  stack: ({ acts, last }, { y }) => acts.stack({ dy: last.y - y }),
  zoom: ({ acts, last, start }, { y }) => acts.zoom({ factor: 2 ** ((last.y - y) / ZOOM_PX), x: start.x }),
};

// The first few pixels say which way it goes; from there on it is that, and what was moved so far counts.
function decide(gestures, { x, y }, { sideways, upright }) {
  const [dx, dy] = [x - gestures.start.x, y - gestures.start.y];
  if (Math.hypot(dx, dy) < STILL_PX) return;
  gestures.mode = Math.abs(dx) >= Math.abs(dy) ? sideways : upright;
  gestures.last = gestures.start;
  MOVES[gestures.mode](gestures, { x, y });
}

// → { name: "zoom", factor } | { name: "pan", dx } | { name: "gain", by } | { name: "stack", dy } | null
export function wheelAction({ deltaX, deltaY, deltaMode = 0, ctrlKey = false, shiftKey = false, altKey = false }) {
  const unit = deltaMode === 0 ? 1 : WHEEL_LINE_PX;
  const [across, along] = [deltaX * unit, deltaY * unit];
  const most = Math.abs(across) > Math.abs(along) ? across : along;
  if (!most) return null;
  // a pinch on a touch pad comes as many small steps with ctrl, a wheel as few large ones
  if (ctrlKey) return { name: "zoom", factor: 2 ** (Math.max(-60, Math.min(60, most)) / WHEEL_ZOOM) };
  if (altKey) return { name: "gain", by: most < 0 ? 1 : -1 };
  if (shiftKey || most === across) return { name: "pan", dx: most };
  return { name: "stack", dy: along };
}
