from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext

from annotator.domain import deletion
from annotator.domain.access import ObjectKind, Verb, access
from annotator.enums import SessionStatus
from annotator.exceptions import DomainError
from annotator.views.http import StudyRequest


@access(ObjectKind.SESSION, Verb.DELETE)
def session_delete(request: StudyRequest, slug: str, session_id: int) -> HttpResponse:
    """Say what goes and what stays; a POST does it."""
    there = request.study.sessions.exclude(status=SessionStatus.DELETED).select_related("subject", "study")
    session = get_object_or_404(there, pk=session_id)
    if request.method != "POST":
        context = {"study": request.study, "session": session, "what": deletion.preview(session)}
        return render(request, "sessions/delete.html", context)
    try:
        done = deletion.delete_session(session, actor=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        said = gettext("{session} was deleted.")
        if done.leaves_tombstone:
            said = gettext("{session} was deleted. Its {n} answers stay, for exports.")
        messages.success(request, said.format(session=session, n=done.n_labels))
    return redirect("sessions", slug=slug)
