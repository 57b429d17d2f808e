"""What `manage.py check` says about this installation beside Django's own checks."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as Caution

from annotator.settings import ENVIRONMENT

#: read by the tests alone
TEST_VARIABLES = {"CONCORD_SHARED_DATA"}


@register
def unknown_variables(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """A misspelt variable changes nothing and would go unseen."""
    given = {name for name in os.environ if name.startswith("CONCORD_")}
    return [
        Caution(f"The environment sets {name}, which no setting reads.", hint="Is it misspelt?", id="concord.W001")
        for name in sorted(given - ENVIRONMENT - TEST_VARIABLES)
    ]


@register
def originals_storage(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    if not settings.ORIGINALS_BUCKET or find_spec("storages"):
        return []
    text = "CONCORD_ORIGINALS_BUCKET is set, but django-storages is not installed."
    return [Error(text, hint="pip install 'django-storages[s3]'", id="concord.E001")]


@register
def secret_is_private(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    path = settings.VAR / "secret_key"
    if not path.exists() or not stat.S_IMODE(path.stat().st_mode) & 0o077:
        return []
    return [Caution(f"Others can read {path}.", hint=f"chmod 600 {path}", id="concord.W002")]


@register(deploy=True)
def trusted_origins(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    if not settings.HTTPS or settings.CSRF_TRUSTED_ORIGINS:
        return []
    text = "CONCORD_HTTPS is set without CONCORD_TRUSTED_ORIGINS: forms sent through a proxy may be refused."
    return [Caution(text, hint="CONCORD_TRUSTED_ORIGINS=https://the.name", id="concord.W003")]
