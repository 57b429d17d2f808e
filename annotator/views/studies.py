from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.forms import BooleanField
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext

from annotator.domain import studies, teaching, trace_reading
from annotator.domain.access import READING, ObjectKind, Verb, access, roles_of
from annotator.exceptions import DomainError
from annotator.forms.onboarding import NewStudyOnboardingForm
from annotator.forms.scheme import SchemeEditor
from annotator.forms.studies import OWN, StudyForm
from annotator.forms.trace_reading import TraceReadingForm
from annotator.queries import learning, overview, serving
from annotator.views.http import StudyRequest, UserRequest


@access(ObjectKind.STUDY, Verb.LIST)
def study_list(request: UserRequest) -> HttpResponse:
    no_study = gettext(
        "An admin adds {user} on the study's People page: tell them this name. Then it appears here."
    ).format(user=request.user)
    context = {"cards": overview.visible_studies(request.user), "no_study": no_study}
    return render(request, "studies/list.html", context)


@access(ObjectKind.STUDY, Verb.CREATE)
def study_new(request: UserRequest) -> HttpResponse:
    if request.method == "POST" and "scheme_action" not in request.POST:
        return _create(request)
    form, editor, onboarding = StudyForm(initial={"scheme": "classes3"}), SchemeEditor([]), NewStudyOnboardingForm()
    if request.method == "POST":  # a button of the scheme: all that was typed comes back, nothing is judged yet
        form, editor = StudyForm(initial=_typed(request, StudyForm) | {"scheme": OWN}), SchemeEditor.read(request.POST)
        onboarding = NewStudyOnboardingForm(initial=_typed(request, NewStudyOnboardingForm))
    return render(request, "studies/new.html", {"form": form, "editor": editor, "onboarding": onboarding})


def _create(request: UserRequest) -> HttpResponse:
    form, editor, onboarding = (
        StudyForm(request.POST),
        SchemeEditor.read(request.POST),
        NewStudyOnboardingForm(request.POST),
    )
    is_scheme_valid = not form.has_own_scheme or editor.is_valid()
    is_onboarding_valid = onboarding.is_valid()
    if form.is_valid() and is_scheme_valid and is_onboarding_valid:
        try:
            study = teaching.create_study(_spec_of(form, editor), onboarding.settings, actor=request.user)
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            said = gettext("{title} stands. Import recordings next.")
            if onboarding.is_touched:
                said = gettext("{title} stands. Import recordings next; then choose example, practice and check clips.")
            messages.success(request, said.format(title=study.title))
            return redirect("study", slug=study.slug)
    return render(request, "studies/new.html", {"form": form, "editor": editor, "onboarding": onboarding})


def _typed(request: UserRequest, form: type[StudyForm | NewStudyOnboardingForm]) -> dict[str, Any]:
    """What stands in a form's fields, as first values of another one."""
    return {
        name: name in request.POST if isinstance(one, BooleanField) else request.POST.get(name, "")
        for name, one in form.base_fields.items()
    }


@access(ObjectKind.STUDY, Verb.EDIT)
def study_scheme(request: StudyRequest, slug: str) -> HttpResponse:
    """The scheme of a study that nobody has labelled in yet; afterwards it is shown as it stands.

    How rounds read what is answered over time can be changed at any time.
    """
    study = request.study
    editor, traces = SchemeEditor.of(study.dimensions), _traces_form(request)
    if request.method == "POST" and traces.is_bound:
        if traces.is_valid():
            is_new = trace_reading.set_trace_reading(study, traces.settings, actor=request.user)
            said = gettext("Saved; the next round reads traces so.") if is_new else gettext("Nothing was different.")
            messages.success(request, said)
            return redirect("study_scheme", slug=slug)
    elif request.method == "POST":
        editor = SchemeEditor.read(request.POST)
        if "scheme_action" not in request.POST and editor.is_valid():
            try:
                studies.set_scheme(study, editor.dimensions, actor=request.user)
            except DomainError as error:
                editor.error = error.message
            else:
                messages.success(request, gettext("The scheme is saved."))
                return redirect("study", slug=slug)
    context = {"study": study, "editor": editor, "traces": traces, "is_fixed": studies.scheme_is_fixed(study)}
    return render(request, "studies/scheme.html", context)


def _traces_form(request: StudyRequest) -> TraceReadingForm:
    """The page has two forms; each sends its own fields."""
    known = trace_reading.trace_reading_of(request.study).to_json()
    return TraceReadingForm(request.POST if "trace_sfreq" in request.POST else None, initial=known)


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


def _spec_of(form: StudyForm, editor: SchemeEditor) -> studies.StudySpec:
    fields = {name: value for name, value in form.cleaned_data.items() if name not in {"scheme", "eeg_channels"}}
    return studies.StudySpec(
        **fields,
        dimensions=editor.dimensions if form.has_own_scheme else form.preset(),
        eeg_channels=tuple(form.cleaned_data["eeg_channels"]),
    )
