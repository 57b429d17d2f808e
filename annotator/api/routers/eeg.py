"""EEG for the screen, of a clip and of a session."""

import re

from django.http import HttpResponse
from django.utils.translation import gettext
from ninja import Query, Router, Schema

from annotator.api.auth import ApiRequest, is_by_token
from annotator.api.guard import guarded
from annotator.domain import media_links, queueing
from annotator.domain.access import ObjectKind, Verb, is_only_annotator
from annotator.exceptions import DomainError, NotAllowed, NotFound
from annotator.queries import tiles, worklist
from annotator.queries.tiles import EVERYTHING_S

router = Router(tags=["EEG"])

_CONTENT_TYPE = "application/octet-stream"
_GZIP = re.compile(r"\bgzip\b(?!\s*;\s*q=0(\.0*)?\s*(,|$))")

_DESCRIBED = {"responses": {200: {"description": (
    "application/octet-stream, as gzip where the client takes it: uint32 LE header length; UTF-8 JSON header {kind: "
    "samples | envelope, as_recorded, encoding, channels: [{name, kind, scale_uv, offset_uv}], sfreq, start_s, "
    "n_samples} padded with spaces so that the data begin at a multiple of 8; each channel's rows (its samples, or "
    "its least and then its greatest values) in encoding zigzag-delta-planes: differences between neighbours modulo "
    "2^16, folded (0 -1 1 -2 ...), the low bytes of all rows, then the high bytes; "
    "microvolts = offset_uv + scale_uv * sample"
)}}}  # fmt: skip


class StretchIn(Schema):
    """Which part is wanted, for how many pixels, and how much more on either side for the edges of filters."""

    start_s: float
    stop_s: float
    width_px: int = 1200
    pad_s: float = 0.0
    extremes: bool = False


@router.get("/clips/{clip_id}/eeg", url_name="clip_eeg", openapi_extra=_DESCRIBED)
@guarded(ObjectKind.MEDIA, Verb.VIEW)
def clip_eeg(request: ApiRequest, clip_id: int, stretch: Query[StretchIn], sig: str = "") -> HttpResponse:
    """A stretch of EEG. Annotators: the clip and 10 s around it, by the signed address of a task."""
    clip = request.clip
    if not is_by_token(request) and not media_links.is_signed(sig, clip.pk, request.user):
        raise NotAllowed(gettext("This address has run out: open the clip again."), "bad_signature")
    limits_s = EVERYTHING_S
    if is_only_annotator(request.user, request.study):
        limits_s = _own_stretch_s(request, stretch)
    return _sent(request, tiles.answer(clip.session, tiles.Wanted(**stretch.dict(), limits_s=limits_s)))


def _own_stretch_s(request: ApiRequest, stretch: StretchIn) -> tuple[float, float]:
    if not queueing.may_watch(request.clip, request.user):
        raise NotFound
    first_s, last_s = worklist.context_of(request.clip)
    if stretch.start_s < first_s - 0.01 or stretch.stop_s > last_s + 0.01:
        raise DomainError(
            gettext("Only {first_s} s to {last_s} s belong to this clip.").format(
                first_s=f"{first_s:.2f}", last_s=f"{last_s:.2f}"
            ),
            "bad_stretch",
        )
    return first_s, last_s


@router.get("/sessions/{session_id}/eeg", url_name="session_eeg", openapi_extra=_DESCRIBED)
@guarded(ObjectKind.SESSION, Verb.VIEW)
def session_eeg(request: ApiRequest, session_id: int, stretch: Query[StretchIn]) -> HttpResponse:
    """A stretch of EEG, however long. For roles that read sessions, asked at every request: it needs no signature."""
    return _sent(request, tiles.answer(request.recording, tiles.Wanted(**stretch.dict())))


def _sent(request: ApiRequest, answer: tiles.Answer) -> HttpResponse:
    headers = {"Cache-Control": "private, max-age=3600", "Vary": "Accept-Encoding"}
    if not _GZIP.search(request.headers.get("Accept-Encoding", "")):
        return HttpResponse(answer.plain, content_type=_CONTENT_TYPE, headers=headers)
    return HttpResponse(answer.gzip, content_type=_CONTENT_TYPE, headers={**headers, "Content-Encoding": "gzip"})
