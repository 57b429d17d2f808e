"""Tags that every page uses: the left rail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import template
from django.utils.translation import gettext_lazy as _

from annotator.domain.access import roles_of
from annotator.enums import Role
from annotator.models import Study, User

register = template.Library()

EVERYBODY = frozenset(Role)
#: page below the study's address, title, icon, who sees it (a convenience only: the pages check for themselves)
STUDY_PAGES = (
    ("", _("Study"), "study", EVERYBODY),
    ("label/", _("Label"), "label", frozenset({Role.ANNOTATOR})),
    ("sessions/", _("Sessions"), "sessions", frozenset({Role.ADMIN, Role.RESEARCHER})),
    ("rounds/", _("Rounds"), "rounds", frozenset({Role.ADMIN, Role.RESEARCHER})),
    ("exports/", _("Exports"), "exports", frozenset({Role.ADMIN, Role.RESEARCHER})),
    ("people/", _("People"), "people", frozenset({Role.ADMIN})),
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
            is_current=path == home if not page else path.startswith(home + page),
            starts_study=not page,
        )
        for page, title, icon, seen_by in STUDY_PAGES
        if user.is_superuser or seen_by & roles
    ]
