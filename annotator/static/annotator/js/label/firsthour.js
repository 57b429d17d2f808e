// The strip above a practice clip, and what is said after its answer.

import { practised, stripText } from "./firsthourwords.js";

export class FirstHour {
  // parts: the elements of the dialog by name
  constructor({ strip, dialog, parts }) {
    Object.assign(this, { strip, dialog, parts });
    parts.close.addEventListener("click", () => dialog.close());
  }

  show(standing) {
    const text = stripText(standing);
    this.strip.hidden = !text;
    this.strip.replaceChildren(Object.assign(document.createElement("p"), { textContent: text }));
  }

  // Opens over the next clip; Enter or Escape goes on.
  tell(feedback, standing) {
    const said = practised(feedback, standing);
    if (!said) return;
    const { title, missed, explanation, end } = this.parts;
    title.textContent = said.title;
    for (const [element, text] of [[missed, said.missed], [explanation, said.explanation], [end, said.end]]) {
      element.textContent = text;
      element.hidden = !text;
    }
    this.dialog.dataset.within = feedback ? String(feedback.is_within) : "";
    this.dialog.showModal();
    this.parts.close.focus();
  }
}
