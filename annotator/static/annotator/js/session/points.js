// The points that somebody set: kept in the order of the video, each with a way to go there and to take it away.

import { SYNC } from "./strings.js";

export class Points {
  // onChange(points), onGo(point)
  constructor({ body, wrap, empty, points, onChange, onGo }) {
    Object.assign(this, { body, wrap, empty, onChange, onGo });
    this.points = sorted(points);
  }

  // A point at the same frame takes the place of the old one.
  add(video_s, session_s) {
    const others = this.points.filter((point) => Math.abs(point[0] - video_s) > 1e-4);
    this.#set([...others, [video_s, session_s]]);
  }

  #set(points) {
    this.points = sorted(points);
    this.onChange(this.points);
  }

  show(errors_ms) {
    this.empty.hidden = this.points.length > 0;
    this.wrap.hidden = !this.points.length;
    this.body.replaceChildren(...this.points.map((point, i) => this.#row(point, errors_ms[i], i)));
  }

  #row(point, error_ms, number) {
    const row = document.createElement("tr");
    const cells = [`${point[0].toFixed(3)} s`, `${point[1].toFixed(3)} s`, `${Math.abs(error_ms) < 0.05 ? "0" : error_ms.toFixed(1).replace("-", "−")} ms`];
    row.append(...cells.map((textContent) => Object.assign(document.createElement("td"), { textContent, className: "num" })));
    const hands = document.createElement("td");
    hands.className = "num";
    const go = button(SYNC.goThere, SYNC.goTo(number + 1), () => this.onGo(point));
    const drop = button(SYNC.remove, SYNC.removeThe(number + 1), () => {
      this.#set(this.points.filter((other) => other !== point));
      (this.body.querySelector("button") ?? document.getElementById("pane")).focus(); // the focus does not fall off the page
    });
    hands.append(go, " ", drop);
    row.append(hands);
    return row;
  }
}

const sorted = (points) => [...points].sort((a, b) => a[0] - b[0]);

function button(textContent, label, act) {
  const made = Object.assign(document.createElement("button"), { type: "button", className: "btn small quiet", textContent });
  made.setAttribute("aria-label", label);
  made.addEventListener("click", act);
  return made;
}
