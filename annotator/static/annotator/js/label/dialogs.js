// Skip with a reason, the sheet of keys, and the small panels that a button opens.

import { KEYS } from "./keymap.js";
import { STRINGS } from "./strings.js";

export class Dialogs {
  constructor({ skip, keys, onSkip }) {
    this.skip = skip;
    this.keys = keys;
    for (const dialog of [skip, keys]) {
      dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
      dialog.addEventListener("click", (event) => {
        if (event.target === dialog) dialog.close(); // the backdrop
      });
    }
    this.#listSkip(onSkip);
    this.#listKeys();
  }

  openSkip() {
    this.skip.showModal();
    this.skip.querySelector("input[name=reason]:checked").focus();
  }

  openKeys() {
    this.keys.showModal();
  }

  #listSkip(onSkip) {
    const form = this.skip.querySelector("form");
    const comment = form.querySelector("#skip-comment");
    const reasons = [...form.querySelectorAll("input[name=reason]")];
    form.addEventListener("submit", () => {
      onSkip(reasons.find((input) => input.checked).value, comment.value.trim());
      comment.value = "";
    });
    form.addEventListener("keydown", (event) => {
      const reason = event.target === comment ? null : reasons[Number(event.key) - 1];
      if (!reason) return;
      reason.checked = true;
      reason.focus();
    });
  }

  #listKeys() {
    const list = this.keys.querySelector("dl");
    for (const { keys, does } of KEYS) {
      const dt = document.createElement("dt");
      dt.append(...keys.map((key) => Object.assign(document.createElement("kbd"), { textContent: key })));
      list.append(dt, Object.assign(document.createElement("dd"), { textContent: STRINGS.keys[does] }));
    }
  }
}

// A button that shows and hides its panel; Escape or a click elsewhere hides it.
export function disclose(button, panel, { onOpen = () => {} } = {}) {
  const set = (isOpen) => {
    if (isOpen) onOpen();
    panel.hidden = !isOpen;
    button.setAttribute("aria-expanded", String(isOpen));
  };
  button.addEventListener("click", () => set(panel.hidden));
  document.addEventListener("pointerdown", (event) => {
    if (!panel.hidden && !panel.contains(event.target) && !button.contains(event.target)) set(false);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !panel.hidden) {
      set(false);
      button.focus();
    }
  });
}
