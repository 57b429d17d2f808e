// The editor of a label scheme: the hints follow the kind that is chosen, and touching a question chooses "own questions".

const EDITOR = "#scheme-editor";

document.addEventListener("change", ({ target }) => {
  const row = target.closest?.(`${EDITOR} .question`);
  if (!row) return;
  if (target.name.endsWith("-kind")) row.dataset.kind = target.value;
  const own = document.querySelector(`${EDITOR} input[name="scheme"][value="own"]`);
  if (own) own.checked = true;
});

// The focus stays where the hands are after a row came, went or moved.
document.addEventListener("htmx:afterSwap", () => {
  const rows = document.querySelectorAll(`${EDITOR} .question`);
  const open = [...rows].find((row) => row.querySelector("input[name$='-title']").value === "");
  (open?.querySelector("input[name$='-title']") ?? document.querySelector(`${EDITOR} .question-add button`))?.focus();
});
