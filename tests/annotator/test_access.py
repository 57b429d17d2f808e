"""Every address of the site against the access table: a new address without a row fails here."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern
from ninja.operation import PathView

from annotator.domain import media_links, queueing
from annotator.domain.access import NO_ROLE, RULES, ObjectKind, Verb
from annotator.enums import Role
from annotator.models import Clip, Study, User
from tests.factories.people import Personas, client_of, make_personas
from tests.factories.studies import make_study

#: addresses that nobody needs to log in for
PUBLIC = {"healthz", "login/", "logout/", "language/", "words/<str:language>/<str:version>.js"}
#: ninja's own list of what is under the API's root; it shows nothing
API_ROOT = "api/v1/"
#: without it the addresses of tus answer nobody
TUS = {"Tus-Resumable": "1.0.0"}


@dataclass(frozen=True, slots=True)
class Address:
    method: str
    route: str
    rule: tuple[ObjectKind, Verb] | None
    has_row: bool

    @property
    def is_api(self) -> bool:
        return self.route.startswith("api/v1/") and self.route not in ("api/v1/docs", "api/v1/openapi.json")

    def __str__(self) -> str:
        return f"{self.method} {self.route}"


def patterns(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for item in resolver.url_patterns:
        assert isinstance(item.pattern, RoutePattern), f"{item.pattern}: use path(), this test reads it"
        route = prefix + str(item.pattern)
        if isinstance(item, URLResolver):
            yield from patterns(item, route)
        else:
            yield route, item


def addresses_of(route: str, item: URLPattern) -> Iterator[Address]:
    view = item.callback
    owner = getattr(view, "__self__", None) or _path_view(view)
    if isinstance(owner, PathView):
        for operation in owner.operations:
            found = getattr(operation.view_func, "access", None)
            for method in operation.methods:
                yield Address(method, route, found, has_row=found in RULES)
        return
    is_marked = hasattr(view, "access")
    rule = getattr(view, "access", None)
    yield Address("GET", route, rule, has_row=is_marked and (rule in RULES or route in PUBLIC))
    if rule is not None:
        yield Address("POST", route, view.access_post, has_row=view.access_post in RULES)  # type: ignore[attr-defined]  # set by `access`


def _path_view(view: Any) -> Any:
    """ninja wraps its PathView in a closure."""
    cells = [cell.cell_contents for cell in getattr(view, "__closure__", None) or ()]
    bound = [getattr(cell, "__self__", cell) for cell in cells]
    return next((cell for cell in bound if isinstance(cell, PathView)), None)


def all_addresses() -> list[Address]:
    found = [(route, item) for route, item in patterns(get_resolver()) if route != API_ROOT]
    # one route may carry several ninja operations, and each is listed once
    return list({str(a): a for route, item in found for a in addresses_of(route, item)}.values())


ADDRESSES = all_addresses()
GUARDED = [address for address in ADDRESSES if address.route not in PUBLIC]


def test_there_are_addresses_of_every_sort() -> None:
    routes = {address.route for address in ADDRESSES}
    assert {"", "healthz", "studies/<slug:slug>/rounds/", "media/clips/<int:clip_id>/video"} <= routes
    assert {"api/v1/studies/<slug>/queue/claim", "api/v1/clips/<clip_id>/eeg", "api/v1/docs"} <= routes


@pytest.mark.parametrize("address", ADDRESSES, ids=str)
def test_every_address_has_a_row(address: Address) -> None:
    assert address.has_row, f"{address}: tie it to a row of RULES with @access or @guarded"
    assert (address.rule is None) == (address.route in PUBLIC)


def test_every_row_is_used_or_known_to_wait() -> None:
    waiting = {(ObjectKind.MEMBER, Verb.LIST)}
    assert set(RULES) - {address.rule for address in ADDRESSES} <= waiting


# --- what each person gets -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scene:
    study: Study
    people: Personas
    clip: Clip


@pytest.fixture
def scene(db: None) -> Scene:
    """The annotator holds the clip; everything that an address may name exists in the study, bar jobs."""
    study, other = make_study("here", with_files=True, n_clips=1), make_study("there")
    people = make_personas(study, other)
    clip = queueing.claim(study, people.annotator)[0].clip
    return Scene(study, people, clip)


def path_of(address: Address, scene: Scene, user: User | None) -> str:
    known = {
        "slug": scene.study.slug,
        "clip_id": scene.clip.pk,
        "session_id": scene.clip.session_id,
        "uuid": uuid.uuid4(),
        "number": 999,
        "export_id": 999_999,
        "job_id": 999_999,
        "member_id": 999_999,
        "token_id": 999_999,
        "upload_id": uuid.uuid4(),
        "file_id": uuid.uuid4(),
        "mark": uuid.uuid4(),
        "item_id": 999_999,
        "place": 999,
    }
    parts = []
    for part in address.route.split("/"):
        name = part.strip("<>").rsplit(":", 1)[-1]
        parts.append(str(known[name]) if part.startswith("<") else part)
    path = "/" + "/".join(parts)
    if address.route.endswith("sessions/<session_id>/eeg"):
        path += f"?start_s={scene.clip.start_s}&stop_s={scene.clip.stop_s}"
    if user is not None and address.rule is not None and address.rule[0] == ObjectKind.MEDIA:
        path += f"?sig={media_links.sign(scene.clip.pk, user)}&start_s={scene.clip.start_s}&stop_s={scene.clip.stop_s}"
    return path


def body_of(address: Address) -> dict[str, Any]:
    """A body that the address understands: whether it is understood must not decide who gets in."""
    end = address.route.rsplit("/", 1)[-1]
    answer = {"uuid": str(uuid.uuid4()), "values": {"valence": 1, "arousal": 1}}
    dimension = {"key": "valence", "title": "Valence", "classes": ["low", "high"]}
    bodies: dict[str, dict[str, Any]] = {
        "submit": answer,
        "correct": answer,
        "skip": {"reason": "other"},
        "draft": {"content": {}},
        "imports": {"source": f"{settings.IMPORT_ROOTS[0]}/missing"},
        "studies": {"slug": "new", "title": "New", "scheme": [dimension]},
        "scheme": {"scheme": [dimension]},
        "calibrations": {
            "device": "keys",
            "seed": 1,
            "events": {"stimulus_s": [], "wall_ms": [], "value": [], "device": ""},
        },
        "exports": {"format": "csv"},
        "tokens": {"name": "test"},
        "verdict": {"verdict": "bad"},
        "channel-marks": {"channel": "Fp1", "is_bad": True},
        "interval-marks": {"uuid": str(uuid.uuid4()), "kind": "event", "start_s": 1.0, "stop_s": 2.0},
        "clips": {"clip_id": 999_999, "kind": "check", "accepted": {}},
    }
    return bodies.get(end, {}) if address.is_api else {}


def status_of(address: Address, scene: Scene, user: User | None) -> tuple[int, str]:
    """What one request brings, status and content; whatever it changed is undone."""
    client = client_of(user)
    client.raise_request_exception = False
    with transaction.atomic():
        path, body = path_of(address, scene, user), json.dumps(body_of(address))
        response = client.generic(address.method, path, body, content_type="application/json", headers=TUS)
        content = b"".join(response) if response.streaming else response.content
        transaction.set_rollback(True)
    return response.status_code, response.headers.get("Location", content.decode(errors="replace"))


def allowed(address: Address, role: Role) -> bool:
    assert address.rule is not None
    return role in RULES[address.rule]


def names_a_study(address: Address) -> bool:
    return any(part in address.route for part in ("slug>", "clip_id>", "session_id>"))


@pytest.mark.parametrize("persona", [field.name for field in fields(Personas)])
def test_each_person_gets_what_the_table_says(persona: str, scene: Scene) -> None:
    user: User = getattr(scene.people, persona)
    got = {address: status_of(address, scene, user)[0] for address in GUARDED}
    assert not {str(address): status for address, status in got.items() if not _fits(address, persona, status)}


def _fits(address: Address, persona: str, status: int) -> bool:
    assert address.rule is not None
    if persona == "superuser":
        return status not in (401, 403, 500) or (status == 403 and _needs_membership(address))
    if persona == "stranger":
        return status == 404 if names_a_study(address) else _fits_role(address, Role.ANNOTATOR, status)
    return _fits_role(address, Role(persona), status)


def _needs_membership(address: Address) -> bool:
    """Answers carry the pseudonym of a member, so that even a superuser answers only as one."""
    return address.rule in ((ObjectKind.CLIP, Verb.LABEL), (ObjectKind.LABEL, Verb.EDIT))


def _fits_role(address: Address, role: Role, status: int) -> bool:
    """Whoever may is never told 403 (404, 409 and 422 speak of what was asked for); whoever may not gets just that."""
    if "uuid>" in address.route:
        return status == 404  # nobody's label
    if RULES[address.rule] == NO_ROLE or not allowed(address, role):  # type: ignore[index]  # guarded ones have a rule
        return status == 403
    return status not in (401, 403, 500)


def test_nobody_gets_in_without_logging_in(scene: Scene) -> None:
    got = {address: status_of(address, scene, None) for address in GUARDED}
    assert not {str(address): found for address, found in got.items() if not _is_kept_out(address, *found)}


def _is_kept_out(address: Address, status: int, said: str) -> bool:
    if address.method == "HEAD":  # its answers have no body
        return status == 401
    if address.is_api:
        return status == 401 and json.loads(said)["code"] == "not_signed_in"
    return status == 302 and said.startswith("/login/")


@pytest.mark.parametrize("token", ["concord_wrong", ""])
def test_a_wrong_token_is_no_way_in_even_with_a_session(scene: Scene, token: str) -> None:
    client = client_of(scene.people.annotator)
    response = client.get("/api/v1/studies", headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 401


def test_a_disabled_person_is_out_at_once(scene: Scene) -> None:
    client = client_of(scene.people.annotator)
    User.objects.filter(pk=scene.people.annotator.pk).update(is_active=False)
    assert client.get(f"/api/v1/clips/{scene.clip.pk}").status_code == 401


def test_somebody_who_left_is_a_stranger(scene: Scene) -> None:
    client = client_of(scene.people.annotator)
    scene.people.annotator.memberships.update(ended_at="2020-01-01T00:00Z")
    assert client.get(f"/api/v1/clips/{scene.clip.pk}").status_code == 404
    assert client.get(f"/api/v1/studies/{scene.study.slug}").status_code == 404
    assert client.get("/api/v1/studies").json() == []
