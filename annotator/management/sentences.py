"""The sentences of the sources, as catalogues that people translate. Needs Babel, one of the developers' tools.

Two domains, as Django has them: "django" is what Python and templates say, "djangojs" what scripts do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

PYTHON, SCRIPTS = "django", "djangojs"
DOMAINS = (PYTHON, SCRIPTS)
KEYWORDS = {**DEFAULT_KEYWORDS, "gettext_lazy": None, "ngettext_lazy": (1, 2)}
#: named places that a translation must keep: %(name)s, {name}
PLACES = re.compile(r"%\(\w+\)[a-z]|(?<!\{)\{\w+\}(?!\})")

Found = tuple[int, Any, list[str], str | None]


class BadTranslation(ValueError):
    """A translation lacks a named place of its sentence, or has one of its own."""


def catalogs(root: Path) -> dict[str, Catalog]:
    """What the sources below `root` say, by domain."""
    app = root / "annotator"
    sources = (path for path in app.rglob("*.py") if "migrations" not in path.parts)
    python = [*_read(sources, "python", root), *_read_templates((root / "templates").rglob("*.html"), root)]
    scripts = _read((app / "static").rglob("*.js"), "javascript", root)
    return {PYTHON: _catalog(python), SCRIPTS: _catalog(scripts)}


def _catalog(found: Iterable[tuple[str, Found]]) -> Catalog:
    catalog = Catalog(project="Concord", charset="utf-8")
    for place, (line, text, comments, context) in found:
        catalog.add(text, locations=[(place, line)], auto_comments=comments, context=context)
    return catalog


def _read(paths: Iterable[Path], method: str, root: Path) -> Iterator[tuple[str, Found]]:
    for path in sorted(paths):
        yield from _extracted(path.read_bytes(), method, str(path.relative_to(root)))


def _read_templates(paths: Iterable[Path], root: Path) -> Iterator[tuple[str, Found]]:
    """Django makes of a template what reads like Python, but for its indentation."""
    for path in sorted(paths):
        source = templatize(path.read_text(encoding="utf-8"), origin=str(path))
        flush_left = "\n".join(line.strip() for line in source.splitlines())
        yield from _extracted(flush_left.encode(), "python", str(path.relative_to(root)))


def _extracted(source: bytes, method: str, place: str) -> Iterator[tuple[str, Found]]:
    options = {"encoding": "utf-8"}
    for found in extract(method, BytesIO(source), keywords=KEYWORDS, comment_tags=["Translators:"], options=options):
        yield place, found


# --- a language's files ----------------------------------------------------------------------------------------------


def update(folder: Path, language: str, found: dict[str, Catalog]) -> None:
    """Bring a language's .po files up to the sources: new sentences are added, changed ones marked as fuzzy."""
    for domain, template in found.items():
        path = _po(folder, language, domain)
        known = _known(path, language)
        known.update(template, update_creation_date=False)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, known, width=0, include_lineno=False, sort_by_file=True, ignore_obsolete=True)


def compiled(folder: Path, language: str) -> dict[str, tuple[int, int]]:
    """Write a language's .mo files; by domain, how many sentences are translated, and of how many.

    Raises:
        BadTranslation: a translation lacks a named place; the sentence is named, and nothing is written.
    """
    known = {domain: _known(_po(folder, language, domain), language) for domain in DOMAINS}
    for catalog in known.values():
        for message in catalog:
            check(message)
    return {domain: _write_mo(_po(folder, language, domain), catalog) for domain, catalog in known.items()}


def check(message: Message) -> None:
    wanted = {place for text in _texts(message.id) for place in PLACES.findall(text)}
    for text in _texts(message.string):
        if message.id and text and not message.fuzzy and set(PLACES.findall(text)) - wanted:
            raise BadTranslation(f"{text!r} has a place that its sentence lacks: {sorted(wanted)} are known.")
    said = message.string if message.id and not message.fuzzy else ""
    if (
        isinstance(said, str) and said and (lost := wanted - set(PLACES.findall(said)))
    ):  # of plurals, "one" may be a word
        raise BadTranslation(f"{said!r} lacks {', '.join(sorted(lost))} of {message.id!r}.")


def _texts(text: Any) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def _po(folder: Path, language: str, domain: str) -> Path:
    return folder / language / "LC_MESSAGES" / f"{domain}.po"


def _known(path: Path, language: str) -> Catalog:
    if not path.exists():
        return Catalog(locale=language, project="Concord", charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def _write_mo(path: Path, catalog: Catalog) -> tuple[int, int]:
    with path.with_suffix(".mo").open("wb") as file:
        write_mo(file, catalog)
    messages = [message for message in catalog if message.id]
    return sum(all(_texts(message.string)) and not message.fuzzy for message in messages), len(messages)
