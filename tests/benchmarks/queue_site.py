"""The product's settings and addresses, and one more: what a request costs that only says who asks (benchmark only)."""

from __future__ import annotations

from typing import Any

from annotator.settings import *  # noqa: F403  # settings are names of a module

ROOT_URLCONF = "tests.benchmarks.queue_site"


class _Addresses:
    """Made when Django asks: its settings are not there yet while this module is read as such."""

    def __call__(self) -> list[Any]:
        from django.http import HttpRequest
        from django.urls import path
        from ninja import NinjaAPI

        from annotator.api.auth import BearerToken, SessionCookie
        from annotator.urls import urlpatterns

        bare = NinjaAPI(urls_namespace="bare", auth=[BearerToken(), SessionCookie()], docs_url=None, openapi_url=None)

        @bare.post("/hello")
        def hello(request: HttpRequest) -> dict[str, bool]:
            return {"ok": True}

        return [path("bare/", bare.urls), *urlpatterns]


_addresses = _Addresses()


def __getattr__(name: str) -> Any:
    if name == "urlpatterns":
        globals()["urlpatterns"] = _addresses()
        return globals()["urlpatterns"]
    raise AttributeError(name)
