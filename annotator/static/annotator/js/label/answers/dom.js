// Small makers of elements, shared by the widgets.

export function make(tag, className = "", properties = {}) {
  return Object.assign(document.createElement(tag), { className, ...properties });
}

export function button(className, label, properties = {}) {
  return make("button", className, { type: "button", textContent: label, ...properties });
}

export function attributes(element, given) {
  for (const [name, value] of Object.entries(given)) element.setAttribute(name, String(value));
  return element;
}

// A row of the form: its title, and the group that answers it.
export function rowFrame({ key, title, look, role }) {
  const element = make("div", `row row-${look}`);
  const heading = make("div", "row-title", { id: `row-${key}`, textContent: title });
  const group = attributes(make("div", "row-answers"), { role, "aria-labelledby": heading.id, "data-testid": `answer-${key}` });
  element.append(heading, group);
  return { element, heading, group };
}

export function endWords(heading, words) {
  heading.append(...words.map((word) => make("span", "end", { textContent: word })));
}
