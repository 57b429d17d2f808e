"""The tus protocol for resumable uploads, version 1.0.0: its headers in, its headers and statuses out.

https://tus.io/protocols/resumable-upload, with the extensions creation, termination, checksum and expiration.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.http import http_date
from django.utils.translation import gettext

from annotator.api import errors
from annotator.domain.receiving import ALGORITHMS, BLOCK_BYTES, Checksum
from annotator.exceptions import DomainError

VERSION = "1.0.0"
EXTENSIONS = "creation,termination,checksum,expiration"
PIECE = "application/offset+octet-stream"
#: what the protocol, or HTTP, has a status of its own for
STATUS = {
    "bad_checksum": 460,
    "bad_request": 400,
    "disk_full": 507,
    "gone": 404,
    "too_large": 413,
    "too_long": 413,
    "wrong_type": 415,
}
#: a client that falls silent in the middle of a piece is waited for so long
SILENCE_S = 60.0
HEARD_OUT_BYTES = 16 * 1024 * 1024
Operation = TypeVar("Operation", bound=Callable[..., Any])


def tus(operation: Operation) -> Operation:
    """For an operation of the protocol: checks the version and gives every answer, refusals too, its headers."""

    @wraps(operation)
    def spoken(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = _answer(operation, request, *args, **kwargs)
        response.headers["Tus-Resumable"] = VERSION
        response.headers["Cache-Control"] = "no-store"
        return response

    return cast("Operation", spoken)


def _answer(operation: Callable[..., Any], request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    if request.method != "OPTIONS" and request.headers.get("Tus-Resumable") != VERSION:
        response = errors.answer(
            412, "bad_version", f"This server speaks tus {VERSION}: send Tus-Resumable: {VERSION}."
        )
        response.headers["Tus-Version"] = VERSION
        return response
    try:
        return cast("HttpResponse", operation(request, *args, **kwargs))
    except DomainError as error:
        _hear_out(request)
        return errors.answer(STATUS.get(error.code, errors.status_of(error)), error.code, error.message)


def _hear_out(request: HttpRequest) -> None:
    """A client that is still sending when the line is closed never hears why: usual pieces are read to their end."""
    patience(request)
    n_left = HEARD_OUT_BYTES
    with suppress(OSError):
        while n_left > 0 and (block := request.read(min(n_left, BLOCK_BYTES))):
            n_left -= len(block)


def abilities() -> HttpResponse:
    headers = {
        "Tus-Version": VERSION,
        "Tus-Extension": EXTENSIONS,
        "Tus-Max-Size": str(settings.UPLOAD_MAX_BYTES),
        "Tus-Checksum-Algorithm": ",".join(ALGORITHMS),
    }
    return HttpResponse(status=204, headers=headers)


def expires() -> str:
    return http_date((timezone.now() + timedelta(seconds=settings.UPLOAD_KEEP_S)).timestamp())


# --- what a request says ---------------------------------------------------------------------------------------------


def whole_number(request: HttpRequest, name: str) -> int:
    text = request.headers.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise DomainError(
            gettext("{name}: expected a whole number, got {text}.").format(name=name, text=repr(text[:40])),
            "bad_request",
        )
    return int(text)


def metadata(request: HttpRequest) -> dict[str, str]:
    """Upload-Metadata: "key base64,key base64,flag"."""
    pairs = [part.strip().split(" ") for part in request.headers.get("Upload-Metadata", "").split(",") if part.strip()]
    try:
        return {pair[0]: _decoded(pair[1]).decode() if len(pair) > 1 else "" for pair in pairs}
    except UnicodeDecodeError as error:
        raise DomainError(gettext("Upload-Metadata: expected UTF-8 in base64."), "bad_request") from error


def path_in(said: dict[str, str]) -> str:
    """Clients disagree about the name of the name; some say "null" for a file that came without a folder."""
    names = (said.get(key, "") for key in ("path", "relativePath", "filename", "name"))
    path = next((name for name in names if name and name != "null"), "")
    if not path:
        raise DomainError(gettext("Upload-Metadata: expected a filename."), "bad_request")
    return path


def modified_ms(said: dict[str, str]) -> int:
    text = said.get("modified_ms", "0")
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise DomainError(gettext("Upload-Metadata: modified_ms is a whole number of milliseconds."), "bad_request")
    return int(text)


def checksum(request: HttpRequest) -> Checksum | None:
    """Upload-Checksum: "algorithm base64"."""
    text = request.headers.get("Upload-Checksum", "")
    if not text:
        return None
    algorithm, _, encoded = text.partition(" ")
    if algorithm not in ALGORITHMS:
        raise DomainError(
            gettext("Upload-Checksum: expected one of {algorithms}.").format(algorithms=", ".join(ALGORITHMS)),
            "bad_request",
        )
    return Checksum(algorithm, _decoded(encoded))


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise DomainError(gettext("A header that should be base64 is not."), "bad_request") from error


def check_piece(request: HttpRequest, *, room: int) -> None:
    """A piece of the right type that says no more than the file has room for."""
    if request.content_type != PIECE:
        raise DomainError(gettext("Content-Type: expected {piece}.").format(piece=PIECE), "wrong_type")
    length = request.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) > room:
        raise DomainError(gettext("This is more than the file was said to hold; nothing of it was stored."), "too_long")


def patience(request: HttpRequest) -> None:
    """A connection that broke without a word would keep its thread for ever."""
    socket = request.META.get("gunicorn.socket")
    if socket is not None:
        socket.settimeout(SILENCE_S)
