"""The pages on which somebody sets a session's clocks and channels right."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from annotator.domain import clocks
from annotator.domain.access import ObjectKind, Verb, access
from annotator.exceptions import DomainError
from annotator.forms.clocks import SyncPointsForm
from annotator.models import RecordingSession
from annotator.queries import recordings, session_page
from annotator.views.http import StudyRequest
from annotator.views.sessions import viewer_config

REBUILDS = _("The session is being rebuilt; this page follows it, and you may leave it.")


@access(ObjectKind.SESSION, Verb.EDIT)
def session_sync(request: StudyRequest, slug: str, session_id: int) -> HttpResponse:
    session = _session(request, session_id)
    points, error = session.sync_points, ""
    if request.method == "POST":
        form = SyncPointsForm(request.POST)
        if form.is_valid():
            points = form.cleaned_data["points"]
            try:
                clocks.set_sync_points(session, points, actor=request.user)
            except DomainError as refused:
                error = refused.message
            else:
                messages.success(request, gettext("The points are saved. {rebuilds}").format(rebuilds=REBUILDS))
                return redirect("session", slug=slug, session_id=session_id)
        else:
            error = str(form.errors["points"][0])
    return render(request, "sessions/sync.html", _sync_page(request, session, points, error))


@access(ObjectKind.SESSION, Verb.EDIT)
@require_POST
def sync_clear(request: StudyRequest, slug: str, session_id: int) -> HttpResponse:
    session = _session(request, session_id)
    said = gettext("The points are taken away: the clocks go back to what the files say. {rebuilds}").format(
        rebuilds=REBUILDS
    )
    return _do(request, session, lambda: clocks.clear_sync_points(session, actor=request.user), said)


@access(ObjectKind.SESSION, Verb.EDIT)
@require_POST
def bad_channels(request: StudyRequest, slug: str, session_id: int) -> HttpResponse:
    session, names = _session(request, session_id), request.POST.getlist("bad")
    said = ngettext(
        "{n} channel is marked as bad. {rebuilds}", "{n} channels are marked as bad. {rebuilds}", len(names)
    ).format(n=len(names), rebuilds=REBUILDS)
    return _do(request, session, lambda: clocks.set_bad_channels(session, names, actor=request.user), said)


def _do(request: StudyRequest, session: RecordingSession, action: Callable[[], object], said: str) -> HttpResponse:
    try:
        action()
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, said)
    return redirect("session", slug=request.study.slug, session_id=session.pk)


def _sync_page(
    request: StudyRequest, session: RecordingSession, points: list[list[float]], error: str
) -> dict[str, object]:
    trials = recordings.trials_of_session(session)
    figure = session_page.figure_of(session, (), trials)
    limits = {
        "max_drift": clocks.MAX_DRIFT,
        "max_slip_s": clocks.MAX_SLIP_S,
        "least_span_s": clocks.LEAST_SPAN_S,
        # the drift that points keep where they can't tell it is the files'; a hand-set map no longer knows it
        "drift": 0.0 if session.sync_points else session.video_drift,
    }
    return {
        "study": session.study,
        "session": session,
        "error": error,
        "clock": session_page.clock_of(session),
        "can_relate": session_page.is_shown(session) and session.has_eeg and session.has_video,
        "back": reverse("session", args=[session.study.slug, session.pk]),
        "config": {**viewer_config(session, request.user, figure), "limits": limits, "points": points},
    }


def _session(request: StudyRequest, session_id: int) -> RecordingSession:
    sessions = request.study.sessions.select_related("subject", "study").prefetch_related("derived")
    return get_object_or_404(sessions, pk=session_id)
