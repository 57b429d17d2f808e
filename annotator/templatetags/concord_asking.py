"""Filters for what bought a clip its place and by what it is judged, in words."""

from __future__ import annotations

from django import template

from annotator.queries.serving import ASK_NAMES, TERM_NAMES

register = template.Library()


@register.filter
def term_name(term: str) -> str:
    return str(TERM_NAMES.get(term, term))


@register.filter
def ask_name(ask: str) -> str:
    return str(ASK_NAMES.get(ask, ask))
