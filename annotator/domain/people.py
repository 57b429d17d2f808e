"""Accounts, passwords and API tokens."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from annotator.domain import audit
from annotator.domain.statements import Columns, fetch_one
from annotator.enums import Role
from annotator.exceptions import Conflict, DomainError, NotAllowed, NotFound
from annotator.models import ApiToken, Membership, User

PREFIX = "concord_"
#: `last_used_at` is written at most this often
TOKEN_TOUCH = timedelta(minutes=1)
_USER = Columns(User, "person")
_OWNER = f"""
SELECT {_USER.sql}, token.id, token.last_used_at
FROM annotator_apitoken token JOIN annotator_user person ON person.id = token.user_id
WHERE token.digest = %(digest)s AND token.revoked_at IS NULL AND person.is_active
"""  # noqa: S608  # put together from names of columns only


@transaction.atomic
def create_user(username: str, *, password: str | None, is_superuser: bool = False, is_simulated: bool = False) -> User:
    """A new account; without a password nobody can log in to it."""
    user = User(username=username, is_superuser=is_superuser, is_staff=is_superuser, is_simulated=is_simulated)
    try:
        user.clean_fields(exclude=["password"])
    except ValidationError as error:
        raise DomainError(
            gettext("{username} can't be a user name: {messages}").format(
                username=repr(username), messages=" ".join(error.messages)
            ),
            "bad_username",
        ) from error
    if User.objects.filter(username=username).exists():
        raise Conflict(
            gettext("There is already a user called {username}.").format(username=repr(username)), "username_taken"
        )
    _set(user, password)
    user.save()
    audit.record(None, None, "create", user, {"username": username})
    return user


@transaction.atomic
def set_password(user: User, password: str | None) -> None:
    _set(user, password)
    user.save(update_fields=["password"])
    audit.record(None, None, "set_password", user)


@transaction.atomic
def reset_password(member: Membership, password: str, *, actor: User) -> None:
    """Let an admin of the study help somebody back in.

    Only where it opens nothing that the admin can't reach anyway: not for a superuser, nor for somebody who also
    belongs to a study that this admin does not run.
    """
    user = User.objects.select_for_update().get(pk=member.user_id)
    if not actor.is_superuser:
        own = Membership.objects.filter(user=actor, role=Role.ADMIN).values("study")
        if user.is_superuser or Membership.objects.filter(user=user).exclude(study__in=own).exists():
            raise NotAllowed(
                gettext("{user} belongs to more than your studies: only a superuser may set this password.").format(
                    user=user
                )
            )
    _set(user, password)
    user.save(update_fields=["password"])
    audit.record(actor, member.study, "reset_password", user)


def _set(user: User, password: str | None) -> None:
    if password is None:
        user.set_unusable_password()
        return
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise DomainError(
            gettext("That password is not safe: {messages}").format(messages=" ".join(error.messages)), "weak_password"
        ) from error
    user.set_password(password)


def find_user(username: str) -> User:
    user = User.objects.filter(username=username).first()
    if user is None:
        raise NotFound(gettext("There is no user called {username}.").format(username=repr(username)))
    return user


@transaction.atomic
def issue_token(user: User, name: str) -> str:
    """A new bearer token; the only time that anybody sees it."""
    token = PREFIX + secrets.token_urlsafe(32)
    row = ApiToken.objects.create(user=user, name=name, digest=_digest(token))
    audit.record(user, None, "issue_token", row, {"name": name})
    return token


@transaction.atomic
def revoke_token(user: User, token_id: int) -> None:
    n_changed = ApiToken.objects.filter(pk=token_id, user=user, revoked_at__isnull=True).update(
        revoked_at=timezone.now()
    )
    if not n_changed:
        raise NotFound(gettext("You have no such token."))
    audit.record(user, None, "revoke_token", ApiToken.objects.get(pk=token_id))


def user_of_token(token: str) -> User | None:
    """Whose token this is; None for a wrong, revoked or disabled one."""
    row = fetch_one(_OWNER, {"digest": _digest(token)})
    if row is None:
        return None
    user, (token_id, last_used_at) = _USER.read(row)
    now = timezone.now()
    if last_used_at is None or now - last_used_at > TOKEN_TOUCH:
        ApiToken.objects.filter(pk=token_id).update(last_used_at=now)
    return user


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
