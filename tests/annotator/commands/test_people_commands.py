from __future__ import annotations

import io
import sys

import pytest
from django.core.management import CommandError, call_command

from annotator.domain import people
from annotator.enums import Role
from annotator.models import Membership, Study, User
from tests.factories.people import PASSWORD, make_user
from tests.factories.studies import make_study

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue().strip()


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(PASSWORD + "\n"))


def test_create_user_with_a_password_from_a_pipe(typed: None) -> None:
    run("create_user", "ann", "--password-stdin")
    user = User.objects.get(username="ann")
    assert user.check_password(PASSWORD)
    assert not user.is_superuser


def test_create_user_without_a_password_can_not_log_in() -> None:
    run("create_user", "robot", "--no-password", "--superuser")
    user = User.objects.get(username="robot")
    assert not user.has_usable_password()
    assert user.is_superuser


def test_weak_passwords_and_taken_names_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("12345678\n"))
    with pytest.raises(CommandError, match="not safe"):
        run("create_user", "ann", "--password-stdin")
    make_user("ben")
    with pytest.raises(CommandError, match="already a user called 'ben'"):
        run("create_user", "ben", "--no-password")


def test_set_password(typed: None) -> None:
    people.create_user("ann", password=None)
    run("set_password", "ann", "--password-stdin")
    assert User.objects.get(username="ann").check_password(PASSWORD)


def test_create_study_with_all_that_can_be_said() -> None:
    make_user("boss")
    run(
        "create_study", "moods", "--title", "Moods", "--scheme", "sam9", "--window", "4", "--hop", "2",
        "--channels", "Fp1, Fp2", "--overlap", "2", "--admin", "boss",
    )  # fmt: skip
    study = Study.objects.get(slug="moods")
    assert (study.title, study.window_s, study.hop_s, study.overlap) == ("Moods", 4.0, 2.0, 2)
    assert study.eeg_channels == ["Fp1", "Fp2"]
    assert [dimension.levels for dimension in study.dimensions] == [9, 9]
    assert Membership.objects.get().role == Role.ADMIN
    with pytest.raises(CommandError, match="already a study called 'moods'"):
        run("create_study", "moods")


@pytest.mark.parametrize("arguments", [("--overlap", "0"), ("--window", "-1"), ("--test-share", "1.5")])
def test_create_study_refuses_nonsense_in_a_sentence(arguments: tuple[str, str]) -> None:
    with pytest.raises(CommandError, match=r"\.$"):
        run("create_study", "moods", *arguments)
    assert not Study.objects.exists()


def test_add_member_gives_one_pseudonym_for_all_roles() -> None:
    make_study("moods")
    make_user("ann")
    make_user("ben")
    assert run("add_member", "moods", "ann", "annotator").endswith("A01.")
    assert run("add_member", "moods", "ben", "researcher").endswith("A02.")
    assert run("add_member", "moods", "ann", "admin").endswith("A01.")
    with pytest.raises(CommandError, match="no user called 'cem'"):
        run("add_member", "moods", "cem", "admin")


def test_api_token_works_and_only_its_digest_is_kept() -> None:
    user = make_user("ann")
    token = run("api_token", "ann", "--name", "notebook")
    assert people.user_of_token(token) == user
    row = user.api_tokens.get()
    assert token not in str(vars(row))
    people.revoke_token(user, row.pk)
    assert people.user_of_token(token) is None
