"""The languages that pages may speak: the one of the sources, and each that has its sentences in annotator/locale."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from django.conf.locale import LANG_INFO
from django.utils.translation import to_locale


def installed(locale: Path, source: str) -> list[tuple[str, str]]:
    """Code and own name of each, the sources' first. A language counts once its sentences are compiled."""
    compiled = {path.parent.parent.name for path in locale.glob("*/LC_MESSAGES/django.mo")}
    codes = sorted(name.replace("_", "-").lower() for name in compiled)
    others = [(code, own_name(code)) for code in codes if code != source]
    return [(source, own_name(source.split("-")[0])), *others]


def own_name(code: str) -> str:
    """ "de" is "Deutsch"; a language that Django doesn't know is called by its code."""
    return str(LANG_INFO.get(code, {}).get("name_local", code))


@cache
def script_version(locale: Path, language: str) -> str:
    """Names the sentences that scripts say in a language; "" where it has none, and scripts keep to their own."""
    compiled = locale / to_locale(language) / "LC_MESSAGES" / "djangojs.mo"
    return hashlib.sha256(compiled.read_bytes()).hexdigest()[:12] if compiled.exists() else ""
