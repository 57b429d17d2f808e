// Sentences in the page's language: as the sources say them, or as the catalogue has them that stands on a page in
// another language (annotator/views/words.py). Sentences stand in the modules of strings, each as a plain literal inside
// gettext("…") or ngettext("…", "…", n), where `make messages` finds it. Pure: without a page there is no catalogue.

export function gettext(text) {
  return globalThis.django?.gettext?.(text) ?? text;
}

// The form for so many; both are in the sources' language, which has two.
export function ngettext(one, many, n) {
  return globalThis.django?.ngettext?.(one, many, n) ?? (n === 1 ? one : many);
}

// "%(n)s of %(all)s" with { n: 3, all: 5 } is "3 of 5". What is not given a value stays as it is.
export function fill(text, values) {
  return text.replace(/%\((\w+)\)s/g, (place, name) => (name in values ? String(values[name]) : place));
}

// What is said where a server gave no reason of its own.
export function answered(status) {
  return fill(gettext("The server answered %(status)s."), { status });
}
