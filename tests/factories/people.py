"""People for tests: the personas that every authorisation test meets."""

from __future__ import annotations

from dataclasses import dataclass

from django.test import Client

from annotator.domain import people, studies
from annotator.enums import Role
from annotator.models import Study, User

PASSWORD = "a long enough phrase"


def make_user(username: str, *, is_superuser: bool = False) -> User:
    return people.create_user(username, password=PASSWORD, is_superuser=is_superuser)


def make_member(study: Study, username: str, role: Role = Role.ANNOTATOR) -> User:
    user = make_user(username)
    studies.add_member(study, user, role, actor=None)
    return user


def client_of(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


@dataclass(frozen=True, slots=True)
class Personas:
    admin: User
    annotator: User
    researcher: User
    #: annotates in another study only
    stranger: User
    superuser: User


def make_personas(study: Study, other: Study) -> Personas:
    return Personas(
        admin=make_member(study, "admin-of-it", Role.ADMIN),
        annotator=make_member(study, "annotator-of-it", Role.ANNOTATOR),
        researcher=make_member(study, "researcher-of-it", Role.RESEARCHER),
        stranger=make_member(other, "annotator-elsewhere", Role.ANNOTATOR),
        superuser=make_user("super", is_superuser=True),
    )
