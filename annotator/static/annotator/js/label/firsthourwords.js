// What a newcomer is told on the label page. Pure: a standing or a feedback, as the server says them, in; words out.

import { STRINGS } from "./strings.js";

const words = STRINGS.firstHour;

// Above a practice clip; "" where none is answered.
export function stripText(standing) {
  return standing?.stage === "practice" ? words.strip(standing.n_answered + 1, standing.n_practice) : "";
}

// After a practice answer; null where nothing is to be said. standing: where they are now, null: through.
export function practised(feedback, standing) {
  const end = endText(standing);
  if (!feedback) return end ? { title: words.ended, missed: "", explanation: "", end } : null;
  return {
    title: feedback.is_within ? words.within : words.outside,
    missed: feedback.is_within ? "" : outsideText(feedback),
    explanation: feedback.explanation,
    end,
  };
}

// Which questions, or what the whole answer should have been.
function outsideText({ missed, wanted = [] }) {
  return wanted.length ? words.wanted(wanted.map((answer) => STRINGS.answers[answer])) : words.missed(missed);
}

function endText(standing) {
  if (!standing) return words.through;
  return standing.stage === "repeat" ? words.notYet(standing) : "";
}

// Where no clip is there because another step comes first.
export function stateText(standing) {
  return standing?.stage === "repeat" ? words.notYet(standing) : words.first;
}
