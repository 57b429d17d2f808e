from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from annotator.domain import acquisition
from annotator.domain.access import ObjectKind, Verb, access, may
from annotator.forms.acquisition import AcquisitionForm
from annotator.views.http import StudyRequest


@access(ObjectKind.ACQUISITION, Verb.VIEW, post=Verb.EDIT)
def acquisition_settings(request: StudyRequest, slug: str) -> HttpResponse:
    """How the next clips are chosen: readers look, admins change."""
    may_edit = may(request.user, Verb.EDIT, ObjectKind.ACQUISITION, request.study)
    known = acquisition.acquisition_of(request.study)
    form = AcquisitionForm(known, request.POST or None, is_open=may_edit)
    if request.method == "POST" and form.is_valid():
        is_new = acquisition.set_acquisition(request.study, form.settings, actor=request.user)
        said = (
            gettext("The settings are saved; the next ranking is made by them.")
            if is_new
            else gettext("Nothing was different.")
        )
        messages.success(request, said)
        return redirect("acquisition", slug=slug)
    context = {"study": request.study, "form": form, "may_edit": may_edit}
    return render(request, "studies/acquisition.html", context)
