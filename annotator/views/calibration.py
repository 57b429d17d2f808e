from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.csrf import ensure_csrf_cookie

from annotator.domain import lags
from annotator.domain.access import ObjectKind, Verb, access
from annotator.enums import TraceDevice
from annotator.views.http import StudyRequest


@access(ObjectKind.CLIP, Verb.LABEL)
@ensure_csrf_cookie
def calibration(request: StudyRequest, slug: str) -> HttpResponse:
    """Where an annotator's reaction lag is measured; the events go to the API, which does the measuring."""
    context = {
        "study": request.study,
        "devices": TraceDevice.choices,
        "measured": lags.measured(request.study, request.user),
        "address": reverse("api:calibrate", args=[slug]),
        "words": _words(),
    }
    return render(request, "studies/calibration.html", context)


def _words() -> dict[str, str]:
    """%s and %r are filled in by the page's script."""
    return {
        "countdown": gettext("The dot moves in %s"),
        "left": gettext("%s s left"),
        "interrupted": gettext("Interrupted: nothing was kept. Start again when you can follow for a whole minute."),
        "sending": gettext("Measuring …"),
        "measured": gettext("Your lag is %s ms (r = %r). It is kept."),
        "silent": gettext("The server does not answer, so nothing was kept: try again."),
    }
