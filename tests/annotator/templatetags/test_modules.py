"""Links that have a page's modules asked for at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, Template

from annotator.templatetags.concord_modules import imported

JS = Path(settings.BASE_DIR) / "annotator" / "static" / "annotator" / "js"
ENTRIES = ("label/main.js", "session/main.js", "session/sync-main.js", "upload/main.js")


@pytest.fixture
def modules(tmp_path: Path, settings: pytest.FixtureRequest) -> Path:
    """A folder of static files beside the product's."""
    settings.STATICFILES_DIRS = [*settings.STATICFILES_DIRS, ("made", str(tmp_path))]  # type: ignore[attr-defined]
    imported.cache_clear()
    return tmp_path


def test_imports_are_followed_in_every_form_but_on_demand(modules: Path) -> None:
    (modules / "deep").mkdir()
    (modules / "main.js").write_text(
        'import { a,\n  b } from "./deep/one.js";\nimport "./two.js";\nexport { c } from "./deep/one.js";\n'
        'const later = () => import("./later.js");\nconst text = "import x from ./no.js";\n'
    )
    (modules / "deep" / "one.js").write_text('import * as two from "../two.js";\nexport const a = 1, b = 2, c = 3;\n')
    (modules / "two.js").write_text('import { a } from "./deep/one.js";\n')
    assert imported("made/main.js") == ("made/deep/one.js", "made/two.js")


def test_a_module_that_is_missing_is_named(modules: Path) -> None:
    (modules / "main.js").write_text('import "./gone.js";\n')
    with pytest.raises(FileNotFoundError, match=r"made/gone\.js"):
        imported("made/main.js")


def test_the_tag_writes_the_script_and_its_modules() -> None:
    html = Template("{% load concord_modules %}{% module_script 'annotator/js/label/main.js' %}").render(Context())
    assert html.startswith('<script type="module" src="/static/annotator/js/label/main.js"></script>')
    assert '<link rel="modulepreload" href="/static/annotator/js/label/clock.js">' in html


@pytest.mark.parametrize("entry", ENTRIES)
def test_every_page_links_to_what_it_imports_and_to_nothing_else(entry: str) -> None:
    """As another reader of the same text finds it: every relative specifier, wherever it stands in the file."""
    wanted: set[Path] = set()
    waiting = [JS / entry]
    while waiting:
        here = waiting.pop()
        specifiers = re.findall(r'from "(\.[^"]+)"|^import "(\.[^"]+)"', here.read_text(), re.MULTILINE)
        for specifier in ("".join(pair) for pair in specifiers):
            there = (here.parent / specifier).resolve()
            if there not in wanted:
                wanted.add(there)
                waiting.append(there)
    assert {JS.parent.parent / path for path in imported(f"annotator/js/{entry}")} == wanted
