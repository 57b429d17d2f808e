"""Every error of the API has one shape: {"code": "...", "message": "one sentence"}."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.core.signals import got_request_exception
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from annotator.exceptions import Conflict, DomainError, NotAllowed, NotFound

log = logging.getLogger("annotator.api")

STATUS: dict[type[DomainError], int] = {NotAllowed: 403, NotFound: 404, Conflict: 409, DomainError: 422}
CODES = {400: "bad_request", 401: "not_signed_in", 403: "forbidden", 404: "not_found", 429: "too_many"}


def answer(status: int, code: str, message: str) -> HttpResponse:
    return JsonResponse({"code": code, "message": message}, status=status)


def install(api: NinjaAPI) -> None:
    handlers: dict[type[Exception], Callable[..., HttpResponse]] = {
        DomainError: _domain,
        ValidationError: _validation,
        AuthenticationError: _signed_out,
        HttpError: _http,
        Http404: _missing,
        Exception: _unexpected,
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)


def _domain(request: HttpRequest, error: DomainError) -> HttpResponse:
    return answer(status_of(error), error.code, error.message)


def status_of(error: DomainError) -> int:
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def _signed_out(request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    return answer(401, "not_signed_in", gettext("You are signed out: sign in again."))


def _http(request: HttpRequest, error: HttpError) -> HttpResponse:
    if error.status_code == 403 and "CSRF" in error.message:
        return answer(403, "csrf", gettext("This page is too old to send anything: reload it and try again."))
    return answer(error.status_code, CODES.get(error.status_code, "error"), _sentence(error.message))


def _missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return answer(404, "not_found", gettext("There is nothing here."))


def _validation(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """The first complaint, in words: which field, and what it should be."""
    first = error.errors[0]
    where = [str(part) for part in first["loc"] if part not in ("body", "query", "path", "form", "body_params")]
    names = [part for part in where if not part.startswith("function-")][-2:]
    what = _sentence(str(first["msg"]).removeprefix("Value error, "))
    return answer(422, "invalid", f"{'.'.join(names)}: {what}" if names else what)


def _unexpected(request: HttpRequest, error: Exception) -> HttpResponse:
    """Ours to mend: logged in full, and the caller is told no more than that."""
    log.error("API: %s %s failed", request.method, request.path, exc_info=error)
    got_request_exception.send(sender=None, request=request)
    return answer(
        500, "server_error", gettext("Something went wrong on the server; it was logged. Nothing was changed.")
    )


def _sentence(text: Any) -> str:
    text = str(text).strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."
