from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from annotator.domain import studies
from annotator.domain.access import READING, ObjectKind, Verb, access, roles_of
from annotator.exceptions import DomainError
from annotator.forms.studies import StudyForm
from annotator.queries import learning, overview, serving
from annotator.views.http import StudyRequest, UserRequest


@access(ObjectKind.STUDY, Verb.LIST)
def study_list(request: UserRequest) -> HttpResponse:
    return render(request, "studies/list.html", {"cards": overview.visible_studies(request.user)})


@access(ObjectKind.STUDY, Verb.CREATE)
def study_new(request: UserRequest) -> HttpResponse:
    form = StudyForm(request.POST or None, initial={"scheme": "classes3"})
    if request.method == "POST" and form.is_valid():
        try:
            study = studies.create_study(_spec_of(form), actor=request.user)
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, f"{study.title} stands. Import recordings next.")
            return redirect("study", slug=study.slug)
    return render(request, "studies/new.html", {"form": form})


@access(ObjectKind.STUDY, Verb.VIEW)
def study_detail(request: StudyRequest, slug: str) -> HttpResponse:
    study = request.study
    figures = overview.study_figures(study)
    live = learning.live_round(study)
    roles = roles_of(request.user, study)
    context = {
        "study": study,
        "figures": figures,
        "live_round": live,
        "limit": overview.what_limits_now(study, figures, has_live_round=live is not None),
        "roles": roles,
        "serving": serving.serving_of(study) if roles & READING else None,
    }
    return render(request, "studies/detail.html", context)


def _spec_of(form: StudyForm) -> studies.StudySpec:
    fields = {name: value for name, value in form.cleaned_data.items() if name not in {"scheme", "eeg_channels"}}
    return studies.StudySpec(
        **fields, dimensions=form.dimensions(), eeg_channels=tuple(form.cleaned_data["eeg_channels"])
    )
