"""A page's scripts and styles: a bundle where one was made of them, else the files themselves, asked for at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from posixpath import dirname, join, normpath

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from annotator import bundles

register = template.Library()

#: `import … from "./x.js"` and `export … from "./x.js"`; what is imported later, on demand, is not meant
_JS_IMPORT = re.compile(r"""^\s*(?:import|export)\b[^;"'()]*?["'](\.{1,2}/[^"']+)["']""", re.MULTILINE)
_CSS_IMPORT = re.compile(r"""^@import "(\.{1,2}/[^"]+)";$""", re.MULTILINE)


@register.simple_tag
def module_script(path: str) -> SafeString:
    """The script of a page, as `{% static %}` names it, and a link for everything that it imports."""
    script = format_html('<script type="module" src="{}"></script>', module_url(path))
    if bundles.address_of(path):
        return script
    links = format_html_join("\n", '<link rel="modulepreload" href="{}">', ((static(one),) for one in imported(path)))
    return SafeString(f"{script}\n{links}")


@register.simple_tag
def head_script(path: str) -> SafeString:
    """A script that imports nothing and has run before anything is drawn; a bundle of it needs no asking the server."""
    return format_html('<script src="{}"></script>', module_url(path))


@register.simple_tag
def module_url(path: str) -> str:
    """Where a script is that another one loads, such as a worker's."""
    return static(bundles.address_of(path) or path)


@register.simple_tag
def page_style(path: str) -> SafeString:
    """The style sheet of a page; one that only imports others stands for them."""
    bundle = bundles.address_of(path)
    sheets = (bundle,) if bundle else (*imported(path), path)
    return format_html_join("\n", '<link rel="stylesheet" href="{}">', ((static(one),) for one in sheets))


@cache
def imported(path: str) -> tuple[str, ...]:
    """Every script or style that one imports, directly or not, each once and without itself.

    Raises:
        FileNotFoundError: there is no such file; who imports it is named.
    """
    found: dict[str, None] = {path: None}
    waiting = [path]
    while waiting:
        importer = waiting.pop(0)
        for name in _imports_of(importer):
            if name not in found:
                found[name] = None
                waiting.append(name)
    return tuple(found)[1:]


def _imports_of(path: str) -> Iterator[str]:
    place = finders.find(path)
    if place is None:
        raise FileNotFoundError(f"{path} is imported by a page, and there is no such file.")
    text = Path(str(place)).read_text(encoding="utf-8")
    pattern = _CSS_IMPORT if path.endswith(".css") else _JS_IMPORT
    return (normpath(join(dirname(path), name)) for name in pattern.findall(text))
