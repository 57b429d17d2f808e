"""What an admin wrote, as HTML: Markdown whose own HTML is shown as text, and whose links can't be scripts."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.token import Token

register = template.Library()

#: the page has a heading of its own above it
_DEEPER, _DEEPEST = 1, 6
_PARSER = MarkdownIt("commonmark", {"html": False}).disable(["image", "html_block", "html_inline"])


@register.filter
def markdown(text: str) -> SafeString:
    tokens = _PARSER.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = _deeper(token)
    html = str(_PARSER.renderer.render(tokens, _PARSER.options, {}))
    return mark_safe(html)  # noqa: S308  # the parser escapes what it is given


def _deeper(token: Token) -> str:
    return f"h{min(_DEEPEST, int(token.tag[1:]) + _DEEPER)}"
