from __future__ import annotations

import json
import socket
import stat
from pathlib import Path

import pytest

from annotator.demo import people, preflight
from annotator.demo.console import DemoError
from annotator.enums import Role
from annotator.models import Membership, Study, User


def test_a_port_in_use_is_one_sentence_that_names_another() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(DemoError, match=rf"^Port {port} of 127.0.0.1 can't be used .*--port {port + 1}"):
            preflight.require_free_port("127.0.0.1", port)
    preflight.require_free_port("127.0.0.1", port)


def test_a_second_copy_is_told_where_the_first_one_is(tmp_path: Path) -> None:
    address = "http://127.0.0.1:8000/"
    with (
        preflight.only_copy(tmp_path, address),
        pytest.raises(DemoError, match=r"^Concord already runs on .* \(process \d+, http://127.0.0.1:8000/\)"),
        preflight.only_copy(tmp_path, address),
    ):
        pass
    with preflight.only_copy(tmp_path, address):
        pass


def test_passwords_are_made_once_each_their_own_and_private(tmp_path: Path) -> None:
    path = tmp_path / "demo-logins.json"
    made = people.logins(path)
    assert made.are_new
    assert set(made.passwords) == {"admin", "annotator", "annotator2", "researcher"}
    assert len(set(made.passwords.values())) == 4
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text()) == made.passwords
    again = people.logins(path)
    assert (again.passwords, again.are_new) == (made.passwords, False)


@pytest.mark.django_db
def test_the_cast_is_made_once_and_says_what_is_simulated(tmp_path: Path) -> None:
    logins = people.logins(tmp_path / "demo-logins.json")
    first, second = people.cast(logins), people.cast(logins)
    assert first.study == second.study == Study.objects.get()
    assert first.study.is_simulated
    assert [dimension.n_classes for dimension in first.study.dimensions] == [3, 3]
    assert all(user.is_simulated and not user.has_usable_password() for user in first.simulated)
    roles = Membership.objects.filter(study=first.study, user__is_simulated=False)
    assert {(member.user.username, member.role) for member in roles} == {
        ("admin", Role.ADMIN),
        ("annotator", Role.ANNOTATOR),
        ("annotator2", Role.ANNOTATOR),
        ("researcher", Role.RESEARCHER),
    }


@pytest.mark.django_db
def test_a_lost_password_file_gives_everybody_a_new_password_else_their_own_stays(tmp_path: Path) -> None:
    path = tmp_path / "demo-logins.json"
    people.cast(people.logins(path))
    changed = User.objects.get(username="annotator")
    changed.set_password("their own choice")
    changed.save()
    people.cast(people.logins(path))
    assert User.objects.get(username="annotator").check_password("their own choice")
    path.unlink()
    fresh = people.logins(path)
    people.cast(fresh)
    assert User.objects.get(username="annotator").check_password(fresh.passwords["annotator"])
