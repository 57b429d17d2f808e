"""The demo's study, its people and their passwords."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from annotator.domain import people, studies
from annotator.enums import Role
from annotator.models import Study, User
from mlcore.types import AROUSAL3, VALENCE3

SLUG = "demo"
ROLES = {
    "admin": Role.ADMIN,
    "annotator": Role.ANNOTATOR,
    "annotator2": Role.ANNOTATOR,
    "researcher": Role.RESEARCHER,
}
SIMULATED = ("simulated1", "simulated2")


@dataclass(frozen=True, slots=True)
class Logins:
    passwords: dict[str, str]
    #: no file told them: accounts that exist get them
    are_new: bool


@dataclass(frozen=True, slots=True)
class Cast:
    study: Study
    users: dict[str, User]
    simulated: tuple[User, ...]


def logins(path: Path) -> Logins:
    """Names and passwords, made at the first start and kept where only their owner reads them."""
    if path.exists():
        kept = json.loads(path.read_text())
        return Logins({name: str(kept[name]) for name in ROLES}, are_new=False)
    made = {name: secrets.token_urlsafe(12) for name in ROLES}
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(made, file, indent=2)
    return Logins(made, are_new=True)


def cast(known: Logins) -> Cast:
    """Everybody and the study, made where they are missing; what people changed since stays."""
    users = {name: _user(name, known.passwords[name], reset=known.are_new) for name in ROLES}
    study = Study.objects.filter(slug=SLUG).first() or _make_study(users["admin"])
    simulated = tuple(_simulated(name) for name in SIMULATED)
    for name, role in ROLES.items():
        studies.add_member(study, users[name], role, actor=users["admin"])
    for user in simulated:
        studies.add_member(study, user, Role.ANNOTATOR, actor=users["admin"])
    return Cast(study, users, simulated)


def _user(name: str, password: str, *, reset: bool) -> User:
    known = User.objects.filter(username=name).first()
    if known is None:
        return people.create_user(name, password=password, is_superuser=ROLES[name] == Role.ADMIN)
    if reset:
        people.set_password(known, password)
    return known


def _simulated(name: str) -> User:
    known = User.objects.filter(username=name).first()
    return known or people.create_user(name, password=None, is_simulated=True)


def _make_study(admin: User) -> Study:
    spec = studies.StudySpec(
        slug=SLUG,
        title="Demo (simulated)",
        description="Simulated recordings and simulated annotators: nobody was recorded for this study.",
        dimensions=(VALENCE3, AROUSAL3),
        is_simulated=True,
        seed=1,
    )
    return studies.create_study(spec, actor=admin)
