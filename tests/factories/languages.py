"""A language that nobody speaks: every sentence of the sources, and of Django's own, as it is between ⟦ and ⟧.

It goes by the name of German, which writes 0,5 where English writes 0.5.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import django
from babel.messages import Catalog, Message
from babel.messages.mofile import read_mo, write_mo
from django.conf import settings

from annotator.management import sentences

LANGUAGE = "de"
OPEN, CLOSE = "⟦", "⟧"
#: Django's own sentences that pages show: forms, times, sizes; and those of signing in
DJANGOS = ("conf", "contrib/auth")
READ_ALOUD = ("aria-label", "title", "placeholder", "alt")


def make_pseudo(folder: Path) -> dict[str, Catalog]:
    """Compile it below `folder`, by domain, from what is extracted."""
    made = {domain: Catalog(locale=LANGUAGE) for domain in sentences.DOMAINS}
    for domain, found in sentences.catalogs(settings.BASE_DIR).items():
        _bracket(found, made[domain])
    for part in DJANGOS:
        with (Path(django.__file__).parent / part / "locale" / LANGUAGE / "LC_MESSAGES" / "django.mo").open("rb") as mo:
            _bracket(read_mo(mo), made[sentences.PYTHON])
    for domain, catalog in made.items():
        path = folder / LANGUAGE / "LC_MESSAGES" / f"{domain}.mo"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_mo(file, catalog)
    return made


def _bracket(found: Catalog, into: Catalog) -> None:
    for message in found:
        if message.id:  # the first one is the header
            into.add(message.id, _bracketed(message), context=message.context)


def _bracketed(message: Message) -> str | tuple[str, ...]:
    if isinstance(message.id, str):
        return f"{OPEN}{message.id}{CLOSE}"
    return tuple(f"{OPEN}{text}{CLOSE}" for text in message.id)


class Page(HTMLParser):
    """What a page says and what its machinery reads."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.data: list[str] = []
        self._inside: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "style", "code", "kbd"):
            self._inside.append(tag)
        given = dict(attrs)
        if not (given.get("src") or "").startswith("/words/"):  # the one script that a language has of its own
            self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if self._inside and self._inside[-1] in ("script", "style"):
            self.data.append(data.strip())
        elif not self._inside:
            self.texts.append(data)

    def untranslated(self) -> Iterator[str]:
        """What is read or read aloud and stands outside all brackets; a sentence may run over several elements."""
        yield from outside_brackets(" ".join(self.texts))
        for _, name, value in self.attributes:
            if name in READ_ALOUD:
                yield from outside_brackets(value)

    def for_machines(self) -> list[object]:
        """What no language may change: attributes that are not read aloud, JSON."""
        plain = [one for one in self.attributes if one[1] not in (*READ_ALOUD, "lang", "content", "nonce", "selected")]
        return [*plain, *self.data]


def outside_brackets(text: str) -> Iterator[str]:
    left = text
    while (fewer := re.sub(rf"{OPEN}[^{OPEN}{CLOSE}]*{CLOSE}", "\n", left)) != left:
        left = fewer
    return (part.strip() for part in left.split("\n") if re.search(r"[^\W\d_]{2,}", part))
