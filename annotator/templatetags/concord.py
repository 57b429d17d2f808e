"""Tags that every page uses: the left rail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import template
from django.utils.translation import gettext_lazy as _

from annotator.domain.access import RULES, ObjectKind, Rule, Verb, roles_of
from annotator.models import Study, User

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

register = template.Library()

#: page below the study's address, title, icon, the row of the access table that opens it
STUDY_PAGES: tuple[tuple[str, StrPromise, str, Rule], ...] = (
    ("", _("Study"), "study", (ObjectKind.STUDY, Verb.VIEW)),
    ("label/", _("Label"), "label", (ObjectKind.CLIP, Verb.LABEL)),
    ("sessions/", _("Sessions"), "sessions", (ObjectKind.SESSION, Verb.LIST)),
    ("rounds/", _("Rounds"), "rounds", (ObjectKind.ROUND, Verb.LIST)),
    ("exports/", _("Exports"), "exports", (ObjectKind.EXPORT, Verb.LIST)),
    ("people/", _("People"), "people", (ObjectKind.MEMBER, Verb.LIST)),
)


@dataclass(frozen=True, slots=True)
class RailItem:
    href: str
    title: str
    icon: str
    is_current: bool
    starts_study: bool = False


@register.inclusion_tag("partials/rail.html", takes_context=True)
def rail(context: dict[str, Any]) -> dict[str, Any]:
    request = context.get("request")
    if request is None:  # an error page without its request
        return {"items": ()}
    user, study = request.user, getattr(request, "study", None)
    items = [RailItem("/", str(_("Studies")), "studies", is_current=request.path == "/")]
    if study is not None and user.is_authenticated:
        items += _study_items(study, user, request.path)
    return {"items": items, "study": study, "user": user, "path": request.path, "csrf_token": context.get("csrf_token")}


def _study_items(study: Study, user: User, path: str) -> list[RailItem]:
    roles = roles_of(user, study)
    home = f"/studies/{study.slug}/"
    return [
        RailItem(
            home + page,
            str(title),
            icon,
            is_current=path == home if not page else _is_below(path, home, page),
            starts_study=not page,
        )
        for page, title, icon, rule in STUDY_PAGES
        if RULES[rule] & roles
    ]


def _is_below(path: str, home: str, page: str) -> bool:
    """A single clip's address is the label page too."""
    return path.startswith(home + page) or (page == "label/" and path.startswith(home + "clips/"))
