// Montages: what each row shows as a weighted sum of channels. Pure. Only channels of kind eeg are re-referenced; the others
// follow as they were recorded. A bad channel never enters an average.

import { isAux, sideOf } from "../label/channels.js";
import { STRINGS } from "../label/strings.js";
import { angleBetween, bareName, electrodeName, positionOf } from "./electrodes.js";

export const MONTAGES = ["recorded", "average", "mastoids", "banana", "transverse", "laplacian", "custom"];

const MASTOIDS = [["M1", "M2"], ["A1", "A2"], ["TP9", "TP10"]];
const BANANA = [
  { group: "L", chain: "Fp1 F7 T7 P7 O1" }, { group: "L", chain: "Fp1 F3 C3 P3 O1" }, { group: "Z", chain: "Fz Cz Pz" },
  { group: "R", chain: "Fp2 F4 C4 P4 O2" }, { group: "R", chain: "Fp2 F8 T8 P8 O2" },
];
const TRANSVERSE = [
  { group: "Fp", chain: "Fp1 Fp2" }, { group: "F", chain: "F7 F3 Fz F4 F8" }, { group: "C", chain: "T7 C3 Cz C4 T8" },
  { group: "P", chain: "P7 P3 Pz P4 P8" }, { group: "O", chain: "O1 O2" },
];
const FEWEST_PAIRS = 4;
const N_NEIGHBOURS = 4;
const FEWEST_NEIGHBOURS = 3;

// Those that this recording has the electrodes for. Custom is always among them.
export function offeredMontages(channels) {
  return MONTAGES.filter((name) => name === "custom" || montageOf(name, channels) !== null);
}

// → { rows: [{ name, kind, isBad, terms: [[channel index, weight], …], reference: index or null, group?, side? }],
//     references: [terms, …] }, or null where the recording lacks the electrodes. What many rows have taken off them is
// summed up once, as a reference.
export function montageOf(name, channels, { custom = "" } = {}) {
  const made = MAKERS[name](eegOf(channels), custom, channels);
  return made && { references: [], ...made, rows: [...made.rows, ...auxRows(channels)] };
}

const MAKERS = {
  recorded: (eeg) => ({ rows: eeg.map((one) => rowOf(one)) }),
  average: (eeg) => {
    const good = eeg.filter(({ channel }) => !channel.isBad);
    return good.length > 1 ? againstMean(eeg, good) : null;
  },
  mastoids: (eeg) => {
    const pair = mastoidsOf(eeg);
    return pair && againstMean(eeg, pair);
  },
  banana: (eeg) => chains(eeg, BANANA),
  transverse: (eeg) => chains(eeg, TRANSVERSE),
  laplacian: (eeg) => laplacian(eeg),
  custom: (eeg, text, channels) => {
    const { rows, references, error } = parseCustom(text, channels);
    return error ? null : { rows, references };
  },
};

const eegOf = (channels) => channels.map((channel, index) => ({ channel, index })).filter(({ channel }) => !isAux(channel));

function rowOf({ channel, index }, reference = null) {
  return { name: channel.name, kind: channel.kind, isBad: Boolean(channel.isBad), terms: [[index, 1]], reference };
}

function auxRows(channels) {
  return channels.map((channel, index) => ({ channel, index })).filter(({ channel }) => isAux(channel)).map((one) => rowOf(one));
}

const meanTerms = (members) => members.map(({ index }) => [index, 1 / members.length]);

function againstMean(eeg, members) {
  return { rows: eeg.map((one) => rowOf(one, 0)), references: [meanTerms(members)] };
}

function byElectrode(eeg) {
  return new Map(eeg.map((one) => [electrodeName(one.channel.name), one]));
}

// The first pair that is there, neither of it bad.
function mastoidsOf(eeg) {
  const found = byElectrode(eeg);
  const pairs = MASTOIDS.map((pair) => pair.map((name) => found.get(name)));
  return pairs.find((pair) => pair.every((one) => one && !one.channel.isBad)) ?? null;
}

function chains(eeg, table) {
  const found = byElectrode(eeg);
  const rows = table.flatMap(({ group, chain }, number) => {
    const links = chain.toUpperCase().split(" ").map((name) => found.get(name));
    return links.slice(1).map((low, i) => [links[i], low]).filter(([high, low]) => high && low)
      .map(([high, low]) => ({ ...difference(high, low), group, chain: number }));
  });
  return rows.length >= FEWEST_PAIRS ? { rows } : null;
}

function difference(high, low) {
  const sides = new Set([sideOf(high.channel), sideOf(low.channel)]);
  sides.delete("mid");
  return {
    name: `${bareName(high.channel.name)}-${bareName(low.channel.name)}`, kind: "eeg", isBad: Boolean(high.channel.isBad || low.channel.isBad),
    terms: [[high.index, 1], [low.index, -1]], reference: null, side: sides.size === 1 ? [...sides][0] : "mid",
  };
}

// Hjorth's: an electrode less the mean of its nearest neighbours, the nearer ones weighing more (1 / angle).
function laplacian(eeg) {
  const placed = eeg.map((one) => ({ ...one, position: positionOf(one.channel.name) })).filter(({ position }) => position);
  const rows = placed.map((one) => ({ one, near: neighboursOf(one, placed) })).filter(({ near }) => near.length >= FEWEST_NEIGHBOURS)
    .map(({ one, near }) => {
      const total = near.reduce((sum, { weight }) => sum + weight, 0);
      return { ...rowOf(one), terms: [[one.index, 1], ...near.map(({ index, weight }) => [index, -weight / total])] };
    });
  return rows.length >= FEWEST_PAIRS ? { rows } : null;
}

function neighboursOf(one, placed) {
  return placed.filter((other) => other.index !== one.index && !other.channel.isBad)
    .map((other) => ({ index: other.index, weight: 1 / angleBetween(one.position, other.position) }))
    .sort((a, b) => b.weight - a.weight).slice(0, N_NEIGHBOURS);
}

// ---- custom: "Fp1-F7, Cz-avg, T7-M1+M2, Oz"

// → { rows, references, error }: error is one sentence, empty where the text is sound.
export function parseCustom(text, channels) {
  const eeg = eegOf(channels);
  const words = text.split(/[,;\n]/).map((word) => word.trim()).filter(Boolean);
  if (!words.length) return refused(STRINGS.customRows.none);
  const references = [];
  const rows = [];
  for (const word of words) {
    const row = customRow(word, eeg, references);
    if (row.error) return refused(row.error);
    rows.push({ ...row, group: "", chain: 0 }); // in the order in which they were written
  }
  return { rows, references, error: "" };
}

const refused = (error) => ({ rows: [], references: [], error });

function customRow(word, eeg, references) {
  const whole = eeg.find(({ channel }) => channel.name.toUpperCase() === word.toUpperCase());
  if (whole) return rowOf(whole);
  const cuts = [...word.matchAll(/[-−–]/g)].map(({ index }) => [word.slice(0, index).trim(), word.slice(index + 1).trim()]);
  // names may hold hyphens themselves: the first cut whose left side is a channel
  const [left, right] = cuts.find(([name]) => find(name, eeg)) ?? cuts[0] ?? [word, null];
  const high = find(left, eeg);
  if (!high) return { error: STRINGS.customRows.unknown(left) };
  if (right === null) return rowOf(high);
  return against(high, right, { word, eeg, references });
}

function against(high, right, { word, eeg, references }) {
  if (/^(avg|average)$/i.test(right)) return againstAverage(high, { eeg, references });
  const names = right.split("+").map((name) => name.trim());
  const members = names.map((name) => find(name, eeg));
  const unknown = names.find((_, i) => !members[i]);
  if (unknown !== undefined) return { error: STRINGS.customRows.unknownIn(unknown, word) };
  if (members.some(({ index }) => index === high.index)) return { error: STRINGS.customRows.itself(word) };
  if (members.length === 1) return difference(high, members[0]);
  const isBad = [high, ...members].some(({ channel }) => channel.isBad);
  const low = meanTerms(members).map(([index, weight]) => [index, -weight]);
  return { ...rowOf(high), name: `${bareName(high.channel.name)}-${right}`, isBad, terms: [[high.index, 1], ...low], side: sideOf(high.channel) };
}

function againstAverage(high, { eeg, references }) {
  const good = eeg.filter(({ channel }) => !channel.isBad);
  if (!references.length) references.push(meanTerms(good));
  return { ...rowOf(high, 0), name: `${bareName(high.channel.name)}-avg`, side: sideOf(high.channel) };
}

function find(name, eeg) {
  const wanted = name.toUpperCase();
  const fits = [({ channel }) => channel.name.toUpperCase() === wanted, ({ channel }) => electrodeName(channel.name) === electrodeName(name)];
  return fits.map((fit) => eeg.find(fit)).find(Boolean) ?? null;
}
