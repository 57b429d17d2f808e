// Why a clip was served, as rows of the panel and as notices. Pure: takes the API's `why`, returns texts.

import { gettext } from "../words.js";

const isNumber = (value) => typeof value === "number";

// [{ name, value, note }]: what it is, what it is here, and what its numbers mean.
export function whyRows(why = {}) {
  const rows = [row(gettext("Ranking by"), why.policy_text || gettext("its address"))];
  if (why.term_text) rows.push(row(gettext("Why here"), why.term_text));
  if (why.ask_text) rows.push(row(gettext("Judge by"), why.ask_text));
  if (why.gate_text) rows.push(row(gettext("Signals"), why.gate_text));
  rows.push(row(gettext("Rank"), isNumber(why.rank) ? `${why.rank}` : gettext("none")), row(gettext("Round"), isNumber(why.round) ? `${why.round}` : gettext("before the first")));
  const scores = (why.scores ?? []).map(({ title, parts, meaning }) => row(title, partsText(parts), meaning));
  return [...rows, ...(scores.length ? scores : [row(gettext("Scores"), gettext("none"))])];
}

// What must be read before answering.
export function notices(why = {}) {
  return why.notices ?? [];
}

function row(name, value, note = "") {
  return { name, value, note };
}

function partsText(parts) {
  return parts.map(({ of, value }) => `${of ? `${of} ` : ""}${numberText(value)}`).join(", ");
}

// Three digits of what is small, one behind the point of what is large.
export function numberText(value) {
  const size = Math.abs(value);
  if (size > 0 && size < 0.001) return value.toExponential(1);
  return value.toFixed(size < 10 ? 3 : 1);
}
