// Reads { points, limits } from the standard input and prints what the sync page's preview makes of them.

import { fit, refusal } from "../../annotator/static/annotator/js/session/clockfit.js";

const chunks = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const { cases, limits } = JSON.parse(Buffer.concat(chunks).toString());
console.log(JSON.stringify(cases.map(({ points, drift }) => ({ ...fit(points, { ...limits, drift }), refusal: refusal(points, { ...limits, drift }) }))));
