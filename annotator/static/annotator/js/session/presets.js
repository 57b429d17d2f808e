// The channels in which a blink is seen best. Pure.

import { regionOf, shortName } from "../label/channels.js";

const isEye = (channel) => channel.kind === "eog" || /^(eog|heog|veog)/i.test(shortName(channel));

// Their names: EOG and frontopolar, else frontal, else all.
export function eyeChannels(channels) {
  const tries = [
    (channel) => isEye(channel) || regionOf(channel) === "frontopolar",
    (channel) => regionOf(channel) === "frontal",
    () => true,
  ];
  for (const fits of tries) {
    const names = channels.filter(fits).map((channel) => channel.name);
    if (names.length) return names;
  }
  return [];
}
