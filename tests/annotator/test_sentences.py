"""Every sentence of the sources is found, and what people translate is kept, checked and compiled."""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db.models import TextChoices
from pytest_django import Settings

from annotator import enums, languages, names
from annotator.management import sentences
from mlcore.types import QualityFault, SyncMethod
from tests.factories.languages import Page, make_pseudo

ROOT: Path = settings.BASE_DIR
SCRIPTS = ROOT / "annotator" / "static" / "annotator" / "js"
#: where sentences stand
STRINGS = (
    "label/strings.js",
    "label/markstrings.js",
    "label/figurestrings.js",
    "label/syncwords.js",
    "label/whywords.js",
    "label/answers/words.js",
    "session/strings.js",
    "upload/strings.js",
)
LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`')
COMMENT = re.compile(r"^\s*//[^\n]*|(?<=[\s;,{(])// [^\n]*|/\*.*?\*/", re.MULTILINE | re.DOTALL)
MARKED = re.compile(r'\bn?gettext\(\s*(?:"(?:[^"\\\n]|\\.)*"\s*,?\s*)+')
#: what is no sentence: names that a store or the server has, electrodes, units
NO_SENTENCES = {
    "Fp AF", "status triggers", "XDF stamps", "audio counter", "BIDS events", "hand-set points", "blinks",
    "same pictures", "given offset", "same start", "line noise", "electrode pop", "gap in time", "no face",
    "small face", "turned head", "frozen picture", "dropped frames", "none",
}  # fmt: skip
#: of the other scripts: what selects elements, draws, or tells developers what broke
FOR_MACHINES = re.compile(
    r"^(filter|fft|time map|EEG tile):|^[.#\[*]|\[[\w-]+[\]=~]|px |translate\(|%\{|^M|<extra>|\d,?$|^\(prefers-|rem\b"
    r"|start_s=|from_uv|\.question|^(btn|answer|row|grid|vas|trace|check|message|chip|chain|visually|tool|popover)\b"
    r"|^(button|textarea|path|Upload|Content)\b"
)
UNITS = re.compile(r"\b(ppm|fps|ms|Hz|min)\b|Concord|SHA-256|session_s|video_s|hx-\S+")


def bare(source: str) -> list[str]:
    """String literals outside gettext that hold words; `${…}` in a template is none."""
    left = MARKED.sub("", COMMENT.sub("", source))
    left = re.sub(r'^(import|export) .*? from ".*?";$', "", left, flags=re.MULTILINE)
    found = ["".join(groups) for groups in LITERAL.findall(left)]
    return [text for text in found if re.search(r"[^\W\d_]{3,}", UNITS.sub("", re.sub(r"\$\{.*?\}", "", text)))]


@pytest.fixture(scope="module")
def found() -> dict[str, Catalog]:
    return sentences.catalogs(ROOT)


@pytest.mark.parametrize("name", STRINGS)
def test_every_literal_of_a_strings_module_is_marked(name: str) -> None:
    loose = [text for text in bare((SCRIPTS / name).read_text()) if text not in NO_SENTENCES]
    # keys of tables, compared with what the server says
    assert [text for text in loose if re.search(r"[A-Z ]", text)] == []


def test_no_sentence_stands_elsewhere_in_a_script() -> None:
    loose = {
        f"{path.relative_to(SCRIPTS)}: {text}"
        for path in SCRIPTS.rglob("*.js")
        if str(path.relative_to(SCRIPTS)) not in STRINGS
        for text in bare(path.read_text())
        if len(re.findall(r"[^\W\d_]{2,}", re.sub(r"\$\{.*?\}", " ", text))) > 1
        and " " in text
        and not FOR_MACHINES.search(text)
    }
    assert loose == set()


def test_every_marked_sentence_of_a_script_is_found(found: dict[str, Catalog]) -> None:
    marked = set()
    for path in SCRIPTS.rglob("*.js"):
        for call in MARKED.findall(COMMENT.sub("", path.read_text())):
            marked.add(LITERAL.findall(call)[0][0].replace('\\"', '"'))
    known = {message.id if isinstance(message.id, str) else message.id[0] for message in found["djangojs"]}
    assert known - {""} == marked
    assert len(marked) > 300


def test_no_bare_sentence_stands_in_a_template() -> None:
    """Whatever branch it is in."""
    loose = {}
    for path in sorted((ROOT / "templates").rglob("*.html")):
        source = re.sub(r"{% block (shell|main)_class %}.*?{% endblock %}", "", path.read_text())
        source = re.sub(r"{% blocktranslate.*?{% endblocktranslate %}", "", source, flags=re.DOTALL)
        page = Page(re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}", "", source, flags=re.DOTALL))
        loose[str(path.relative_to(ROOT))] = [text for text in page.untranslated() if words_of(text)]
    assert {path: texts for path, texts in loose.items() if texts} == {}
    assert len(loose) > 60


def words_of(text: str) -> list[str]:
    return re.findall(r"[^\W\d_]{2,}", UNITS.sub("", text))


def test_what_the_command_line_says_is_nobodys_to_translate(found: dict[str, Catalog]) -> None:
    places = {place for catalog in found.values() for message in catalog for place, _ in message.locations}
    assert not [
        place for place in places if re.match(r"annotator/(management|demo|embedded|migrations|settings)", place)
    ]


# --- a language's files -----------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path, settings: Settings) -> Path:
    settings.LOCALE_PATHS = [tmp_path]
    return tmp_path


def run(*languages: str) -> str:
    out = io.StringIO()
    call_command("messages", *languages, stdout=out)
    return out.getvalue()


def translate(folder: Path, msgid: str, msgstr: str) -> None:
    path = folder / "de" / "LC_MESSAGES" / "django.po"
    with path.open("rb") as file:
        catalog = read_po(file)
    catalog[msgid].string = msgstr
    with path.open("wb") as file:
        write_po(file, catalog)


def test_a_language_is_added_translated_and_offered(folder: Path) -> None:
    assert "0 of" in run("de")
    translate(folder, "Skip to the page", "Zum Inhalt")
    assert "de/LC_MESSAGES/django.po: 1 of" in run()  # brought up to the sources, and the translation is still there
    assert languages.installed(folder, "en-gb") == [("en-gb", "English"), ("de", "Deutsch")]


def test_a_translation_that_loses_a_place_is_refused(folder: Path) -> None:
    run("de")
    translate(folder, "This study has no round {number}.", "Diese Runde gibt es nicht.")
    with pytest.raises(CommandError, match=r"de: .* lacks \{number\} of 'This study has no round"):
        run()
    translate(folder, "This study has no round {number}.", "Runde {nummer} gibt es nicht.")
    with pytest.raises(CommandError, match="has a place that its sentence lacks"):
        run()


def test_without_a_language_it_says_how_to_add_one(folder: Path) -> None:
    with pytest.raises(CommandError, match=r"name one, for example: manage\.py messages de"):
        run()


def test_the_scripts_sentences_have_an_address_of_their_own(tmp_path: Path) -> None:
    assert languages.script_version(tmp_path / "none", "de") == ""
    make_pseudo(tmp_path)
    assert re.fullmatch(r"[0-9a-f]{12}", languages.script_version(tmp_path, "de"))


# --- Python -----------------------------------------------------------------------------------------------------------

REFUSALS = {"DomainError", "NotAllowed", "NotFound", "Conflict", "BadSetting", "ValidationError", "PermissionDenied"}
TOLD = {"success", "error", "info", "warning"}


def said_bare(source: str) -> list[str]:
    """Literals with words that a refusal, a message, a label or a help text is made of, outside gettext."""
    return [text for call in ast.walk(ast.parse(source)) if isinstance(call, ast.Call) for text in _bare_in(call)]


def _bare_in(call: ast.Call) -> Iterator[str]:
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    is_message = name in TOLD and getattr(getattr(call.func, "value", None), "id", "") == "messages"
    said = [keyword.value for keyword in call.keywords if keyword.arg in ("label", "help_text")]
    if name in REFUSALS or is_message:
        said += call.args[(1 if name == "BadSetting" or is_message else 0) :][:1]
    yield from (text for value in said if (text := _text(value)) and re.search(r"[^\W\d_]{2,}", text))


def _text(value: ast.expr) -> str:
    if isinstance(value, ast.JoinedStr):
        return "".join(str(part.value) for part in value.values if isinstance(part, ast.Constant))
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else ""


def test_what_people_are_told_is_marked() -> None:
    assert said_bare('raise DomainError(f"No {what}.", "code")') == ["No ."]
    loose = {
        str(path.relative_to(ROOT)): said_bare(path.read_text())
        for folder in ("api", "domain", "forms", "queries", "views")
        for path in (ROOT / "annotator" / folder).rglob("*.py")
    }
    assert {path: texts for path, texts in loose.items() if texts} == {}


def test_every_state_has_a_name_that_is_translated(found: dict[str, Catalog]) -> None:
    known = {message.id for message in found["django"]}
    choices = [kind for kind in vars(enums).values() if isinstance(kind, type) and issubclass(kind, TextChoices)]
    assert {str(label) for kind in choices for label in kind.labels} <= known
    assert {str(name) for name in (*names.METHODS.values(), *names.FAULTS.values())} <= known


def test_everything_that_lowers_quality_or_relates_clocks_has_a_name() -> None:
    assert set(names.FAULTS) == set(QualityFault)
    assert set(names.METHODS) == set(SyncMethod)


@pytest.mark.parametrize(("script", "named"), [("markstrings.js", QualityFault), ("syncwords.js", SyncMethod)])
def test_scripts_know_the_same_names(script: str, named: type[StrEnum]) -> None:
    source = (SCRIPTS / "label" / script).read_text()
    assert [name.value for name in named if name.value != "none" and f'gettext("{name.value}")' not in source] == []
