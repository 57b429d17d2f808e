"""Video by signed address and in ranges."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, override_settings

from annotator.domain import media_links, queueing
from annotator.enums import Role
from annotator.models import Clip, User
from annotator.queries import media
from annotator.views.ranges import BLOCK_BYTES, Part, UnsatisfiableError, parse_range
from tests.factories.people import client_of, make_member
from tests.factories.studies import make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def clip() -> Clip:
    """Held by nobody, in a study with files."""
    study = make_study(with_files=True, n_subjects=2, n_clips=2)
    return study.clips.select_related("session").order_by("pk")[0]


@pytest.fixture
def ann(clip: Clip) -> User:
    user = make_member(clip.study, "ann")
    queueing.claim_clip(clip, user)
    return user


def address(clip: Clip, user: User) -> str:
    return f"/media/clips/{clip.pk}/video?sig={media_links.sign(clip.pk, user)}"


def body(response: Any) -> bytes:
    return b"".join(response) if response.streaming else bytes(response.content)


def test_the_whole_file(clip: Clip, ann: User) -> None:
    path = media.video_path(clip.session)
    response = client_of(ann).get(address(clip, ann))
    assert body(response) == path.read_bytes()
    assert response.status_code == 200
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.headers["Content-Type"] == "video/mp4"
    assert int(response.headers["Content-Length"]) == path.stat().st_size


@pytest.mark.parametrize(("asked", "first", "last"), [("0-99", 0, 99), ("100-", 100, None), ("-50", -50, None)])
def test_parts(clip: Clip, ann: User, asked: str, first: int, last: int | None) -> None:
    whole = media.video_path(clip.session).read_bytes()
    expected = whole[first : None if last is None else last + 1]
    response = client_of(ann).get(address(clip, ann), headers={"Range": f"bytes={asked}"})
    assert (response.status_code, body(response)) == (206, expected)
    start = first if first >= 0 else len(whole) + first
    assert response.headers["Content-Range"] == f"bytes {start}-{start + len(expected) - 1}/{len(whole)}"


def test_a_part_outside_the_file(clip: Clip, ann: User) -> None:
    size = media.video_path(clip.session).stat().st_size
    response = client_of(ann).get(address(clip, ann), headers={"Range": f"bytes={size}-"})
    assert (response.status_code, response.headers["Content-Range"]) == (416, f"bytes */{size}")


def test_validators(clip: Clip, ann: User) -> None:
    client, url = client_of(ann), address(clip, ann)
    head = client.head(url)
    etag = head.headers["ETag"]
    assert client.get(url, headers={"If-None-Match": etag}).status_code == 304
    assert client.get(url, headers={"Range": "bytes=0-9", "If-Range": etag}).status_code == 206
    changed = client.get(url, headers={"Range": "bytes=0-9", "If-Range": '"another"'})
    assert (changed.status_code, len(body(changed))) == (200, media.video_path(clip.session).stat().st_size)


@override_settings(MEDIA_ACCEL_PREFIX="/derived/")
def test_behind_nginx_the_file_is_named_not_sent(clip: Clip, ann: User) -> None:
    response = client_of(ann).get(address(clip, ann))
    relative = media.video_path(clip.session).relative_to(Path(settings.DERIVED_ROOT))
    assert (response.headers["X-Accel-Redirect"], response.content) == (f"/derived/{relative.as_posix()}", b"")


def test_only_a_valid_signature_of_that_clip_and_person_opens_it(clip: Clip, ann: User) -> None:
    other = make_member(clip.study, "ben")
    today = media_links._today()
    wrong = [
        "",
        "x",
        f"{today}.forged",
        media_links.sign(clip.pk + 1, ann),
        media_links.sign(clip.pk, other),
        media_links.sign(clip.pk, ann, day=today - 2),
        media_links.sign(clip.pk, ann, day=today + 1),
    ]
    for text in wrong:
        assert client_of(ann).get(f"/media/clips/{clip.pk}/video?sig={text}").status_code == 403, text
    old = media_links.sign(clip.pk, ann, day=today - 1)
    assert client_of(ann).head(f"/media/clips/{clip.pk}/video?sig={old}").status_code == 200


def test_annotators_get_served_clips_only_and_readers_all(clip: Clip) -> None:
    ben = make_member(clip.study, "ben")
    researcher = make_member(clip.study, "res", Role.RESEARCHER)
    assert client_of(ben).head(address(clip, ben)).status_code == 404
    assert client_of(researcher).head(address(clip, researcher)).status_code == 200


def test_a_session_without_video_or_without_its_file(clip: Clip, ann: User) -> None:
    client: Client = client_of(ann)
    media.video_path(clip.session).unlink()
    assert client.get(address(clip, ann)).status_code == 404
    clip.session.derived.all().delete()
    assert client.get(address(clip, ann)).status_code == 404


class TestSessionVideo:
    """The whole session's video, by role instead of by signature."""

    def address(self, clip: Clip, slug: str = "") -> str:
        return f"/studies/{slug or clip.study.slug}/sessions/{clip.session_id}/video"

    def test_readers_get_it_in_parts(self, clip: Clip) -> None:
        client, whole = client_of(make_member(clip.study, "res", Role.RESEARCHER)), media.video_path(clip.session)
        assert body(client.get(self.address(clip))) == whole.read_bytes()
        part = client.get(self.address(clip), headers={"Range": "bytes=5-9"})
        assert (part.status_code, body(part)) == (206, whole.read_bytes()[5:10])

    def test_annotators_and_strangers_do_not(self, clip: Clip, ann: User) -> None:
        stranger = make_member(make_study("elsewhere"), "eve", Role.RESEARCHER)
        assert [client_of(user).head(self.address(clip)).status_code for user in (ann, stranger)] == [403, 404]

    def test_no_way_round_by_another_study(self, clip: Clip) -> None:
        other = make_study("elsewhere")
        reader_of_both = make_member(other, "res", Role.RESEARCHER)
        assert client_of(reader_of_both).head(self.address(clip, other.slug)).status_code == 404

    @override_settings(MEDIA_ACCEL_PREFIX="/derived/")
    def test_behind_nginx_the_file_is_named(self, clip: Clip) -> None:
        response = client_of(make_member(clip.study, "res", Role.RESEARCHER)).get(self.address(clip))
        assert response.headers["X-Accel-Redirect"].endswith("/proxy.mp4")


@pytest.mark.parametrize(
    ("header", "size", "expected"),
    [
        ("bytes=0-0", 10, Part(0, 0)),
        ("bytes=5-99", 10, Part(5, 9)),
        ("bytes=-99", 10, Part(0, 9)),
        ("bytes=3-", 10, Part(3, 9)),
        ("bytes=0-", 3 * BLOCK_BYTES, Part(0, BLOCK_BYTES - 1)),
        ("", 10, None),
        ("bytes=", 10, None),
        ("bytes=-", 10, None),
        ("bytes=5-2", 10, None),
        ("bytes=0-1,4-5", 10, None),
        ("frames=0-1", 10, None),
        ("bytes=a-b", 10, None),
    ],
)
def test_parse_range(header: str, size: int, expected: Part | None) -> None:
    assert parse_range(header, size) == expected


@pytest.mark.parametrize(("header", "size"), [("bytes=10-", 10), ("bytes=-0", 10), ("bytes=0-", 0), ("bytes=-5", 0)])
def test_parse_range_outside(header: str, size: int) -> None:
    with pytest.raises(UnsatisfiableError):
        parse_range(header, size)
