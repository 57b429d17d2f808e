"""What to do next, by role: a link to whoever may do it, else who does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import template
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from annotator.domain.access import RULES, ObjectKind, Rule, Verb, roles_of
from annotator.queries.overview import NextStep

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

register = template.Library()


@dataclass(frozen=True, slots=True)
class _Way:
    action: StrPromise
    #: name of the page's address
    page: str
    rule: Rule
    #: what is said to whoever may not
    who: StrPromise


WAYS: dict[NextStep, _Way] = {
    NextStep.IMPORT: _Way(
        _("Import recordings"),
        "import",
        (ObjectKind.SESSION, Verb.IMPORT),
        _("An admin of the study imports recordings."),
    ),
    NextStep.LABEL: _Way(
        _("Label"), "label", (ObjectKind.CLIP, Verb.LABEL), _("The study's annotators give these answers.")
    ),
    NextStep.PEOPLE: _Way(
        _("Add people"), "people", (ObjectKind.MEMBER, Verb.MANAGE), _("An admin of the study adds people.")
    ),
    NextStep.TEACHING: _Way(
        _("Choose example and gold clips"),
        "onboarding",
        (ObjectKind.ONBOARDING, Verb.EDIT),
        _("An admin of the study chooses them."),
    ),
    NextStep.ROUND: _Way(
        _("To the rounds"), "rounds", (ObjectKind.ROUND, Verb.LAUNCH), _("An admin of the study starts rounds.")
    ),
    NextStep.SESSIONS: _Way(
        _("To the sessions"), "sessions", (ObjectKind.SESSION, Verb.LIST), _("An admin of the study sees to it.")
    ),
}


@register.inclusion_tag("partials/empty.html", takes_context=True)
def empty_page(context: dict[str, Any], title: str, text: str, step: str = "", icon: str = "") -> dict[str, Any]:
    """The state of a page that has nothing to show: what that means, and the one thing to do."""
    return {"title": title, "text": text, "icon": icon} | _way(context, step)


@register.inclusion_tag("partials/next.html", takes_context=True)
def next_step(context: dict[str, Any], step: str) -> dict[str, Any]:
    return _way(context, step)


def _way(context: dict[str, Any], step: str) -> dict[str, Any]:
    """`href` and `action`, or `who`; nothing where there is nothing to do."""
    if not step:
        return {}
    request = context["request"]
    way = WAYS[NextStep(step)]
    if RULES[way.rule] & roles_of(request.user, request.study):
        return {"href": reverse(way.page, args=[request.study.slug]), "action": way.action}
    return {"who": way.who}
