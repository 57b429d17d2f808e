"""A page's scripts and styles in one file each: made of what is here, used for nothing else."""

from __future__ import annotations

import gzip
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.template import Context, Template

from annotator import bundles

TEMPLATES = Path(django_settings.BASE_DIR) / "templates"


@pytest.fixture
def root(tmp_path: Path, settings: pytest.FixtureRequest) -> Iterator[Path]:
    """Where bundles go; none are there."""
    settings.BUNDLES_ROOT = tmp_path / "bundles"  # type: ignore[attr-defined]
    _forget()
    yield tmp_path / "bundles"
    _forget()


def _forget() -> None:
    bundles.address_of.cache_clear()
    bundles._current.cache_clear()


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the product's files that a test may edit."""
    copy = tmp_path / "static"
    shutil.copytree(bundles._SOURCES, copy)
    monkeypatch.setattr(bundles, "_SOURCES", copy)
    return copy


def _rendered(tag: str) -> str:
    return Template("{% load concord_modules %}" + tag).render(Context())


def test_whatever_pages_name_is_an_entry_and_nothing_else_is() -> None:
    named: set[str] = set()
    for page in TEMPLATES.rglob("*.html"):
        named |= set(
            re.findall(r"{% (?:head_script|module_script|module_url|page_style) '([^']+)' %}", page.read_text())
        )
    assert named == set(bundles.ENTRIES)


def test_every_entry_becomes_one_file_that_imports_nothing(root: Path) -> None:
    assert bundles.build(root)
    for entry in bundles.ENTRIES:
        place = bundles.address_of(entry)
        assert place is not None, entry
        text = (root / place.removeprefix("bundles/")).read_text()
        assert not re.search(r"""(^|[;}])import[\\s{*"']|@import""", text), entry
        assert gzip.decompress((root / f"{place.removeprefix('bundles/')}.gz").read_bytes()).decode() == text


def test_the_tags_name_the_bundle_where_it_stands_and_the_modules_where_it_does_not(root: Path) -> None:
    script, style = (
        "{% module_script 'annotator/js/label/main.js' %}",
        "{% page_style 'annotator/css/pages/label.css' %}",
    )
    assert 'src="/static/annotator/js/label/main.js"' in _rendered(script)
    assert 'href="/static/annotator/css/answers.css"' in _rendered(style)
    assert _rendered("{% module_url 'annotator/js/eeg/worker.js' %}") == "/static/annotator/js/eeg/worker.js"
    bundles.build(root)
    files = json.loads((root / "bundles.json").read_text())["files"]
    address = {entry: f"/static/bundles/{name}" for entry, name in files.items()}
    assert _rendered(script) == f'<script type="module" src="{address["annotator/js/label/main.js"]}"></script>'
    assert _rendered(style) == f'<link rel="stylesheet" href="{address["annotator/css/pages/label.css"]}">'
    assert (
        _rendered("{% head_script 'annotator/js/theme.js' %}")
        == f'<script src="{address["annotator/js/theme.js"]}"></script>'
    )
    assert _rendered("{% module_url 'annotator/js/eeg/worker.js' %}") == address["annotator/js/eeg/worker.js"]


def test_a_file_that_was_edited_is_served_itself_until_it_is_bundled_again(root: Path, sources: Path) -> None:
    bundles.build(root)
    before = bundles.address_of("annotator/js/upload/main.js")
    assert before is not None
    with (sources / "annotator/js/upload/plan.js").open("a") as module:
        module.write("\nglobalThis.edited = true;\n")
    _forget()
    assert bundles.address_of("annotator/js/upload/main.js") is None
    assert bundles.build(root)
    after = bundles.address_of("annotator/js/upload/main.js")
    assert after is not None
    assert after != before
    assert (root / before.removeprefix("bundles/")).is_file()  # a page that is open may still ask for it


def test_nothing_is_made_twice(root: Path) -> None:
    assert bundles.build(root)
    made = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    assert not bundles.build(root)
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == made


def test_a_script_that_is_no_script_is_refused_by_name_and_leaves_what_stood(root: Path, sources: Path) -> None:
    bundles.build(root)
    listed = (root / "bundles.json").read_bytes()
    (sources / "annotator/js/upload/plan.js").write_text("export const = 1;\n")
    with pytest.raises(bundles.BundleError, match=r"(?s)can't be bundled: .*plan\.js"):
        bundles.build(root)
    assert (root / "bundles.json").read_bytes() == listed
    assert not list(root.glob(".making-*"))
