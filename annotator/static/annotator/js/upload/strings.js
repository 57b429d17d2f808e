// Every sentence that the upload says.

import { fill, gettext, ngettext } from "../words.js";

export const UPLOAD = {
  states: { waiting: gettext("waiting"), done: gettext("here") },
  units: [gettext("bytes"), gettext("kB"), gettext("MB"), gettext("GB"), gettext("TB")],
  perSecond: (amount) => fill(gettext("%(amount)s/s"), { amount }),
  partOf: (sent, size) => fill(gettext("%(sent)s of %(size)s"), { sent, size }),
  unfinished: (n, sent, size) => fill(ngettext(
    "An upload of %(n)s file is unfinished: %(sent)s of %(size)s are here. Choose the same files again to go on.",
    "An upload of %(n)s files is unfinished: %(sent)s of %(size)s are here. Choose the same files again to go on.", n), { n, sent, size }),
  discardIt: gettext("Discard it"),
  more: (n) => fill(ngettext("and %(n)s more file", "and %(n)s more files", n), { n }),
  chosen: (n, size) => fill(ngettext("%(n)s file, %(size)s", "%(n)s files, %(size)s", n), { n, size }),
  progress: (state, { nDone, n, sent, size }) => [STATES[state] ?? gettext("Stopped."), fill(ngettext(
    "%(nDone)s of %(n)s file, %(sent)s of %(size)s", "%(nDone)s of %(n)s files, %(sent)s of %(size)s", n), { nDone, n, sent, size })].filter(Boolean).join(" "),
  start: gettext("Upload and import"),
  goOn: gettext("Go on"),
  tooLarge: (size, most) => fill(gettext("%(size)s are more than one upload may hold (%(most)s): import them in parts."), { size, most }),
  secondsLeft: (n) => fill(gettext("about %(n)s s left"), { n }),
  minutesLeft: (n) => fill(gettext("about %(n)s min left"), { n }),
  hoursLeft: (n) => fill(gettext("about %(n)s h left"), { n }),
  unreadable: gettext("It can't be read any more: choose it again."),
  waitingForNetwork: gettext("waiting for the network"),
  tryingAgain: gettext("trying again"),
  signedOut: gettext("You are signed out: sign in again in another tab, then go on here. What has come in is kept."),
  pauseFirst: gettext("Pause first, then add to the files."),
  hidden: (n) => fill(ngettext("%(n)s hidden file was left out.", "%(n)s hidden files were left out.", n), { n }),
  silent: gettext("The server does not answer; what has come in is kept."),
};

const STATES = { ready: gettext("Goes on:"), sending: "", paused: gettext("Paused."), done: gettext("All here.") };
