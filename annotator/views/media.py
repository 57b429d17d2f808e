"""Video for the label page by signed address, for the session page by role; in ranges, by nginx where there is one."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from annotator.domain import media_links, queueing
from annotator.domain.access import ObjectKind, Verb, access, is_only_annotator
from annotator.exceptions import NotFound
from annotator.models import Clip, RecordingSession
from annotator.queries import media
from annotator.views.http import StudyRequest, UserRequest
from annotator.views.ranges import ranged


class ClipRequest(UserRequest):
    clip: Clip


@access(ObjectKind.MEDIA, Verb.VIEW)
@require_safe
def clip_video(request: ClipRequest, clip_id: int) -> HttpResponseBase:
    """The browser video of the clip's session; for annotators only where the clip was served to them."""
    if not media_links.is_signed(request.GET.get("sig", ""), clip_id, request.user):
        raise PermissionDenied(gettext("This address has run out: open the clip again."))
    if is_only_annotator(request.user, request.clip.study) and not queueing.may_watch(request.clip, request.user):
        raise Http404
    return _sent(request, request.clip.session)


@access(ObjectKind.SESSION, Verb.VIEW)
@require_safe
def session_video(request: StudyRequest, slug: str, session_id: int) -> HttpResponseBase:
    """The browser video of a session, for roles that read sessions: asked at every request, it needs no signature."""
    return _sent(request, get_object_or_404(request.study.sessions, pk=session_id))


def _sent(request: HttpRequest, session: RecordingSession) -> HttpResponseBase:
    try:
        path = media.video_path(session)
    except NotFound as error:
        raise Http404(error.message) from error
    if settings.MEDIA_ACCEL_PREFIX:
        return _by_nginx(path)
    return ranged(request, path, content_type="video/mp4")


def _by_nginx(path: Path) -> HttpResponse:
    inside = path.relative_to(settings.DERIVED_ROOT).as_posix()
    address = f"{settings.MEDIA_ACCEL_PREFIX.rstrip('/')}/{inside}"
    headers = {"X-Accel-Redirect": address, "Cache-Control": "private, max-age=3600"}
    return HttpResponse(content_type="video/mp4", headers=headers)
