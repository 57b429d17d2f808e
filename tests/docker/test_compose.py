"""No container engine runs here: what can be checked of docker/ without one."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from django.conf import settings

from annotator import settings as settings_module
from annotator.demo import programs

REPOSITORY = Path(__file__).resolve().parents[2]
DOCKER = REPOSITORY / "docker"
OURS = ("migrate", "web", "worker-cpu", "worker-live", "worker-gpu", "beat")
INTERPOLATED = re.compile(r"(?<!\$)\$\{([A-Z_]+)")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yml").read_text())
    return loaded


def example_variables() -> set[str]:
    lines = (DOCKER / ".env.example").read_text().splitlines()
    return {line.split("=", 1)[0] for line in lines if line and not line.startswith("#")}


def dockerfile() -> str:
    return (DOCKER / "Dockerfile").read_text().replace("\\\n", " ")


def test_the_file_follows_the_schema_of_compose(compose: dict[str, Any]) -> None:
    schema = json.loads((Path(__file__).parent / "compose.schema.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(compose)


def test_the_schema_refuses_what_compose_would(compose: dict[str, Any]) -> None:
    schema = json.loads((Path(__file__).parent / "compose.schema.json").read_text())
    compose["services"]["web"]["helthcheck"] = compose["services"]["web"].pop("healthcheck")
    with pytest.raises(jsonschema.ValidationError, match="helthcheck"):
        jsonschema.Draft202012Validator(schema).validate(compose)
    compose["services"]["web"]["healthcheck"] = compose["services"]["web"].pop("helthcheck")


def test_every_part_of_the_system_is_there(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {*OURS, "postgres", "redis", "nginx"}
    assert all("healthcheck" in service for name, service in compose["services"].items() if name != "migrate")


def test_what_a_service_waits_for_exists_and_can_come_true(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for service in services.values():
        for name, need in service.get("depends_on", {}).items():
            assert name in services
            if need["condition"] == "service_healthy":
                assert "healthcheck" in services[name]


def test_every_volume_and_path_that_it_names_exists(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (DOCKER / source).exists() if source.startswith(".") else source in compose["volumes"]
        if "build" in service:
            context = (DOCKER / service["build"]["context"]).resolve()
            assert context == REPOSITORY
            assert (context / service["build"]["dockerfile"]).is_file()


def test_every_variable_that_it_sets_is_read_by_the_settings(compose: dict[str, Any]) -> None:
    known = settings_module.ENVIRONMENT
    for name in OURS:
        assert set(compose["services"][name]["environment"]) <= known
    outside = {"POSTGRES_PASSWORD", "CONCORD_HOST", "CONCORD_PORT"}
    assert example_variables() - outside <= known
    set_in_image = set(re.findall(r"(CONCORD_\w+)=", dockerfile()))
    assert set_in_image <= known


def test_every_variable_that_it_takes_from_outside_is_in_the_example(compose: dict[str, Any]) -> None:
    named = set(INTERPOLATED.findall((DOCKER / "compose.yml").read_text()))
    assert named
    assert named <= example_variables()


def test_no_secret_has_a_default() -> None:
    text = (DOCKER / "compose.yml").read_text()
    for secret in ("POSTGRES_PASSWORD", "CONCORD_SECRET_KEY"):
        assert f"${{{secret}:?" in text
        assert f"${{{secret}}}" not in text
        assert f"\n{secret}=\n" in (DOCKER / ".env.example").read_text()


@pytest.mark.parametrize("name", ["web", "worker-cpu", "worker-live", "worker-gpu", "beat"])
def test_its_entry_points_are_those_that_the_demo_starts_by_hand(compose: dict[str, Any], name: str) -> None:
    by_hand = {program.name: program for program in programs.programs("0.0.0.0", 8000)}[name]
    service = compose["services"][name]
    assert ["python", *by_hand.command[1:]] == service["command"]
    assert service.get("stop_signal", "SIGTERM") == by_hand.stop_signal.name


def test_the_image_starts_the_web_server_by_default(compose: dict[str, Any]) -> None:
    command = json.loads(re.findall(r"^CMD (.*)$", dockerfile(), re.MULTILINE)[-1])
    assert command == compose["services"]["web"]["command"]


def test_every_queue_of_the_settings_has_a_worker(compose: dict[str, Any]) -> None:
    commands = [compose["services"][name]["command"] for name in ("worker-cpu", "worker-live", "worker-gpu")]
    served = {queue for command in commands for queue in command[command.index("--queues") + 1].split(",")}
    assert served == {route["queue"] for route in settings.CELERY["task_routes"].values()}


def test_everything_that_the_image_copies_exists_and_is_let_through() -> None:
    ignore = (DOCKER / "Dockerfile.dockerignore").read_text().splitlines()
    sources = [
        word for line in re.findall(r"^COPY (.*)$", dockerfile(), re.MULTILINE) for word in shlex.split(line)[:-1]
    ]
    assert {"manage.py", "annotator", "mlcore", "worker", "templates", "constraints.txt"} <= set(sources)
    for source in sources:
        assert (REPOSITORY / source).exists()
        assert f"!{source}" in ignore


def test_the_image_runs_as_an_ordinary_user_who_owns_the_volumes(compose: dict[str, Any]) -> None:
    text = dockerfile()
    assert text.index("\nUSER concord") < text.index("\nCMD ")
    targets = {volume.split(":")[1] for volume in compose["services"]["web"]["volumes"]}
    assert targets == {"/data", "/static"}
    assert "install --directory --owner=concord /data /static" in text


def test_the_image_installs_what_the_makefile_installs() -> None:
    makefile = (REPOSITORY / "Makefile").read_text()
    alone = re.findall(r"^WITHOUT_REQUIREMENTS := (.*)$", makefile, re.MULTILINE)[0]
    uv = re.findall(r"^UV_VERSION := (.*)$", makefile, re.MULTILINE)[0]
    assert f"--no-deps {alone}" in dockerfile()
    assert f"uv=={uv}" in dockerfile()


def test_nginx_sends_the_files_of_the_volumes_and_only_when_django_says_so(compose: dict[str, Any]) -> None:
    text = re.sub(r"#.*", "", (DOCKER / "nginx.conf").read_text())
    assert text.count("{") == text.count("}")
    locations = dict(re.findall(r"location (\S+) \{([^}]*)\}", text))
    prefix = compose["services"]["web"]["environment"]["CONCORD_MEDIA_ACCEL_PREFIX"]
    assert "internal;" in locations[prefix]
    mounted = {volume.split(":")[1] for volume in compose["services"]["nginx"]["volumes"]}
    for place in (prefix, settings.STATIC_URL):
        (alias,) = re.findall(r"alias (\S+)/;", locations[place])
        assert alias in mounted | {"/data/derived"}  # CONCORD_DERIVED_ROOT, below the volume
    assert "proxy_pass http://web:8000;" in locations["/"]
    assert "client_max_body_size" in text
