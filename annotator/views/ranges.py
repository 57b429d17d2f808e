"""Parts of files by HTTP (RFC 9110, section 14): one range at a time, with validators."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotModified

#: an open-ended range is answered with this much; the browser asks for more when it needs it
BLOCK_BYTES = 4 * 1024 * 1024
_ONE_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Part:
    first: int
    last: int  # inclusive

    @property
    def n_bytes(self) -> int:
        return self.last - self.first + 1


class UnsatisfiableError(ValueError):
    """The range lies outside the file."""


def parse_range(header: str, size: int) -> Part | None:
    """The part that is asked for; None: the whole file (no range, several, or nonsense)."""
    match = _ONE_RANGE.fullmatch(header.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first_text, last_text = match.groups()
    if not first_text:
        return _suffix(int(last_text), size)
    first = int(first_text)
    last = min(int(last_text), size - 1) if last_text else min(first + BLOCK_BYTES, size) - 1
    if last_text and int(last_text) < first:
        return None
    if first >= size:
        raise UnsatisfiableError
    return Part(first, last)


def _suffix(n_bytes: int, size: int) -> Part:
    if n_bytes == 0 or size == 0:
        raise UnsatisfiableError
    return Part(max(0, size - n_bytes), size - 1)


def ranged(request: HttpRequest, path: Path, *, content_type: str) -> HttpResponseBase:
    facts = path.stat()
    etag = f'"{facts.st_size:x}-{facts.st_mtime_ns:x}"'
    headers = {
        "Accept-Ranges": "bytes",
        "ETag": etag,
        "Last-Modified": formatdate(facts.st_mtime, usegmt=True),
        "Cache-Control": "private, max-age=3600",
    }
    if etag in [tag.strip() for tag in request.headers.get("If-None-Match", "").split(",")]:
        return HttpResponseNotModified(headers=headers)
    try:
        part = parse_range(request.headers.get("Range", ""), facts.st_size) if _is_fresh(request, headers) else None
    except UnsatisfiableError:
        return HttpResponse(status=416, headers={**headers, "Content-Range": f"bytes */{facts.st_size}"})
    if request.method == "HEAD":
        return HttpResponse(content_type=content_type, headers={**headers, "Content-Length": str(facts.st_size)})
    if part is None:
        return FileResponse(path.open("rb"), content_type=content_type, headers=headers)
    return _partial(path, part, content_type, {**headers, "Content-Range": _content_range(part, facts.st_size)})


def _is_fresh(request: HttpRequest, headers: dict[str, str]) -> bool:
    """If-Range: a part only of the file that the browser has the rest of."""
    wanted = request.headers.get("If-Range")
    return wanted is None or wanted in (headers["ETag"], headers["Last-Modified"])


def _content_range(part: Part, size: int) -> str:
    return f"bytes {part.first}-{part.last}/{size}"


def _partial(path: Path, part: Part, content_type: str, headers: dict[str, str]) -> HttpResponse:
    with path.open("rb") as file:
        file.seek(part.first)
        body = file.read(part.n_bytes)
    return HttpResponse(body, status=206, content_type=content_type, headers=headers)
