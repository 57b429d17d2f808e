"""A page's script with all that it imports: asked for at once, not one after another as imports are found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from posixpath import dirname, join, normpath

from django import template
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

register = template.Library()

#: `import … from "./x.js"` and `export … from "./x.js"`; what is imported later, on demand, is not meant
_IMPORT = re.compile(r"""^\s*(?:import|export)\b[^;"'()]*?["'](\.{1,2}/[^"']+)["']""", re.MULTILINE)


@register.simple_tag
def module_script(path: str) -> SafeString:
    """The script of a page, as `{% static %}` names it, and a link for everything that it imports."""
    links = format_html_join("\n", '<link rel="modulepreload" href="{}">', ((static(one),) for one in imported(path)))
    script = format_html_join("", '<script type="module" src="{}"></script>', [(static(path),)])
    return SafeString(f"{script}\n{links}")


@cache
def imported(path: str) -> tuple[str, ...]:
    """Every module that one imports, directly or not, each once and without itself.

    Raises:
        FileNotFoundError: there is no such module; who imports it is named.
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
        raise FileNotFoundError(f"{path} is imported by a page's script, and there is no such file.")
    text = Path(str(place)).read_text(encoding="utf-8")
    return (normpath(join(dirname(path), name)) for name in _IMPORT.findall(text))
