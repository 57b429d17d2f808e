"""Promises about the whole tree: what may import what, how migrations are named, what is pinned."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from annotator.domain import versions

REPOSITORY = Path(__file__).resolve().parents[1]
HEAVY = ("av", "cv2", "h5py", "mne", "pyarrow", "scipy", "skimage", "torch")
START = """
import importlib, json, sys
import django
django.setup()
importlib.import_module("annotator.urls")
importlib.import_module("annotator.wsgi")
print(json.dumps(sorted(name for name in sys.modules if name in sys.argv[1:] or name.startswith("mlcore."))))
"""


def pyproject() -> dict[str, Any]:
    return tomllib.loads((REPOSITORY / "pyproject.toml").read_text())


def test_the_web_process_starts_without_the_heavy_libraries() -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "annotator.settings"}
    command = [sys.executable, "-c", START, *HEAVY]
    done = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = {".".join(name.split(".")[:2]) for name in json.loads(done.stdout)}
    assert loaded <= {"mlcore.types", "mlcore.errors"}


def test_every_part_of_mlcore_but_types_and_errors_is_closed_to_annotator() -> None:
    contracts = {item["name"]: item for item in pyproject()["tool"]["importlinter"]["contracts"]}
    (closed,) = (set(item["forbidden_modules"]) for name, item in contracts.items() if name.startswith("annotator"))
    parts = {f"mlcore.{path.stem}" for path in (REPOSITORY / "mlcore").iterdir() if _is_module(path)}
    assert parts - closed == {"mlcore.types", "mlcore.errors"}
    assert {"worker", *HEAVY} <= closed


def _is_module(path: Path) -> bool:
    return (path.suffix == ".py" and path.stem != "__init__") or (path / "__init__.py").exists()


def test_every_part_of_the_application_has_its_layer() -> None:
    (layers,) = (item["layers"] for item in pyproject()["tool"]["importlinter"]["contracts"] if "layers" in item)
    placed = {name for layer in layers for name in re.split(r"\s*[|:]\s*", layer)}
    below_all = {f"annotator.{name}" for name in ("settings", "services", "embedded", "migrations", "bundles")}
    entries = {"annotator.wsgi", "annotator.apps", "annotator.checks"}
    parts = {f"annotator.{path.stem}" for path in (REPOSITORY / "annotator").iterdir() if _is_module(path)}
    assert parts - placed == below_all | entries


def test_migrations_are_numbered_once_and_named_by_hand() -> None:
    names = sorted(path.stem for path in (REPOSITORY / "annotator" / "migrations").glob("[0-9]*.py"))
    numbers = [name.split("_", 1)[0] for name in names]
    assert numbers == [f"{number:04d}" for number in range(1, len(names) + 1)]
    assert not [name for name in names if re.search(r"_auto_|_and_more$|_alter_.*_alter_", name)]


def test_everything_that_is_asked_for_is_pinned() -> None:
    project = pyproject()["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    lines = [line for line in (REPOSITORY / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line) for line in lines)
    pinned = {line.split("==")[0].lower().replace("_", "-") for line in lines}
    assert {re.split(r"[\[<>=]", name)[0].lower().replace("_", "-") for name in asked} <= pinned


def test_the_top_of_the_tree_holds_what_the_design_says() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    tops = {line.split("/")[0] for line in listed.splitlines()}
    rooms = {"manage.py", "README.md", "annotator", "mlcore", "worker", "templates", "docker", "tests"}
    configuration = {"pyproject.toml", "constraints.txt", "Makefile", ".ci", ".gitignore"}
    assert tops <= rooms | configuration


def test_the_digest_of_the_learning_core_is_of_all_of_it() -> None:
    assert versions.CORE == REPOSITORY / "mlcore"
