"""Forms of the onboarding page; what a value may be is the domain's to say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotator.domain.accepted import WITHOUT_VALUES, choices_of
from annotator.domain.teaching import MAX_PLANNED, OnboardingSettings
from annotator.enums import OpinionPolicy, TeachingKind
from annotator.models import TeachingClip
from mlcore.types import VAS_TOP, Dimension, DimensionKind, JsonObject

#: what is asked for one end of a range, by the end and, in a grid, the side
END_LABELS = {
    ("from", ""): _("{title}: accepted from"),
    ("to", ""): _("{title}: accepted to"),
    ("from", "column"): _("{title}: accepted column from"),
    ("to", "column"): _("{title}: accepted column to"),
    ("from", "row"): _("{title}: accepted row from"),
    ("to", "row"): _("{title}: accepted row to"),
}


class OnboardingForm(forms.Form):
    leads_newcomers = forms.BooleanField(
        label=_("Lead new annotators through this before the queue opens for them"),
        required=False,
        help_text=_("Who has answered clips of this study before goes on as they are."),
    )
    instructions = forms.CharField(
        label=_("Instructions"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 12}),
        help_text=_(
            "Plain text; # begins a heading, - a point of a list, *stars* stress a word, an empty line parts "
            "paragraphs."
        ),
    )
    practice_planned = forms.IntegerField(
        label=_("Practice clips planned"),
        required=False,
        min_value=0,
        max_value=MAX_PLANNED["practice_planned"],
        help_text=_("Chosen once recordings are in; until they are, the study's page says how many are missing."),
    )
    checks_planned = forms.IntegerField(
        label=_("Checks planned"),
        required=False,
        min_value=0,
        max_value=MAX_PLANNED["checks_planned"],
        help_text=_("Clips whose answer is known, for the queue."),
    )
    pass_share = forms.FloatField(
        label=_("Share of practice clips to answer as accepted"),
        min_value=0,
        max_value=1,
        help_text=_("0 to 1. Who does not reach it is told whom to talk to, and may repeat the practice clips."),
    )
    feedback_times = forms.IntegerField(
        label=_("Times that feedback is given on a practice clip"),
        min_value=0,
        max_value=20,
        help_text=_("1: only the first time through. 0: never."),
    )
    contact = forms.CharField(
        label=_("Whom to talk to"), required=False, max_length=200, help_text=_("Empty: the study's admins are named.")
    )
    check_rate = forms.FloatField(
        label=_("Checks in the queue"),
        min_value=0,
        max_value=1,
        help_text=_(
            "After this share of answers comes a check: a clip whose answer is known, that looks like any other "
            "and is never spoken of. 0: none; 0.05: one in twenty."
        ),
    )
    opinion = forms.ChoiceField(
        label=_("What the model thinks of a clip is shown"),
        choices=OpinionPolicy.choices,
        help_text=_("An answer that is corrected after a look keeps both; a round learns the one before."),
    )

    FIRST_HOUR = ("leads_newcomers", "instructions", "practice_planned", "pass_share", "feedback_times", "contact")
    AFTERWARDS = ("checks_planned", "check_rate", "opinion")

    @property
    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        titles = ((gettext("Before the queue opens"), self.FIRST_HOUR), (gettext("While labelling"), self.AFTERWARDS))
        return [(title, [self[name] for name in names]) for title, names in titles]

    @property
    def settings(self) -> OnboardingSettings:
        """What is left empty is as a study has it that says nothing."""
        given: dict[str, Any] = {name: one for name, one in self.cleaned_data.items() if one not in (None, "")}
        if "opinion" in given:
            given["opinion"] = OpinionPolicy(given["opinion"])
        return OnboardingSettings(**given)


class NewStudyOnboardingForm(OnboardingForm):
    """The same before there is a study: all of it may be left as it is."""

    def __init__(self, data: Mapping[str, Any] | None = None, *, initial: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, initial=OnboardingSettings().to_json() if initial is None else dict(initial))
        for field in self.fields.values():
            field.required = False

    @property
    def is_touched(self) -> bool:
        """Something was said, or is wrong: then it is shown, else it is folded away."""
        if self.errors:
            return True
        said = self.settings.to_json() if self.is_bound else self.initial
        return any(str(said.get(name)) != str(usual) for name, usual in OnboardingSettings().to_json().items())


class TeachingClipForm(forms.Form):
    """A clip with its accepted answers: classes or emotions ticked, or a range; an empty question is not judged."""

    clip = forms.CharField(
        label=_("Clip"),
        max_length=300,
        help_text=_("Its number or its address; a session's page links here for each clip."),
    )
    kind = forms.ChoiceField(
        label=_("What it is for"),
        choices=TeachingKind.choices,
        widget=forms.RadioSelect,
        initial=TeachingKind.PRACTICE,
    )
    explanation = forms.CharField(
        label=_("Explanation"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("A sentence that says why: beside an example, and after a practice answer."),
    )

    accepted_answers = forms.MultipleChoiceField(
        label=_("Can't tell, bad signal: what is right"),
        required=False,
        choices=[(one.value, one.label) for one in WITHOUT_VALUES],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Ticked together with answers above, either is right; ticked alone, nothing else is."),
    )

    def __init__(self, dimensions: Sequence[Dimension], data: Mapping[str, Any] | None = None, **given: Any) -> None:
        known: TeachingClip | None = given.pop("known", None)
        super().__init__(data, **given)
        self.dimensions = dimensions
        accepted: JsonObject = {} if known is None else known.accepted
        for dimension in dimensions:
            self.fields.update(_answer_fields(dimension, accepted.get(dimension.key, {})))
        self.fields["accepted_answers"] = self.fields.pop("accepted_answers")  # below the questions
        if known is not None:
            del self.fields["clip"]
            self.initial = {name: getattr(known, name) for name in ("kind", "explanation", "accepted_answers")}

    @property
    def plain(self) -> list[forms.BoundField]:
        return [self[name] for name in ("clip", "kind", "explanation") if name in self.fields]

    @property
    def answers(self) -> list[forms.BoundField]:
        return [self[name] for name in self.fields if name.startswith(("any_of-", "from-", "to-", "accepted_answers"))]

    def accepted(self) -> JsonObject:
        """As the domain takes it."""
        found = {dimension.key: self._of(dimension) for dimension in self.dimensions}
        return {key: one for key, one in found.items() if one}

    def _of(self, dimension: Dimension) -> JsonObject:
        if dimension.kind.is_trace:
            return {}
        if names := choices_of(dimension):
            ticked = self.cleaned_data[f"any_of-{dimension.key}"]
            return {"any_of": [name for name in names if str(name) in ticked]} if ticked else {}
        ends = {end: [self.cleaned_data[name] for name in _names(dimension, end)] for end in ("from", "to")}
        if all(value is None for values in ends.values() for value in values):
            return {}
        low, high = _limits(dimension)
        for end, limit in (("from", low), ("to", high)):  # one end alone: up to the scale's own
            ends[end] = [limit if value is None else value for value in ends[end]]
        return {end: values if len(values) > 1 else values[0] for end, values in ends.items()}


def _answer_fields(dimension: Dimension, accepted: Mapping[str, Any]) -> dict[str, forms.Field]:
    if dimension.kind.is_trace:
        return {}
    if names := choices_of(dimension):
        field = forms.MultipleChoiceField(
            label=gettext("{title}: accepted answers").format(title=dimension.title),
            required=False,
            choices=list(names.items()),
            widget=forms.CheckboxSelectMultiple,
            initial=accepted.get("any_of", []),
        )
        return {f"any_of-{dimension.key}": field}
    return {
        name: _end_field(dimension, name, place, accepted.get(end))
        for end in ("from", "to")
        for place, name in enumerate(_names(dimension, end))
    }


def _end_field(dimension: Dimension, name: str, place: int, known: Any) -> forms.Field:
    low, high = _limits(dimension)
    kind = forms.FloatField if dimension.kind is DimensionKind.VAS else forms.IntegerField
    end, side = name.partition("-")[0], name.partition(":")[2]
    return kind(
        label=END_LABELS[end, side].format(title=dimension.title),
        required=False,
        min_value=low,
        max_value=high,
        initial=known[place] if isinstance(known, list) else known,
    )


def _names(dimension: Dimension, end: str) -> list[str]:
    """Of the fields that make up one end of a range: a cell of a grid has two."""
    sides = (":column", ":row") if dimension.kind is DimensionKind.GRID else ("",)
    return [f"{end}-{dimension.key}{side}" for side in sides]


def _limits(dimension: Dimension) -> tuple[int, int]:
    return (0, int(VAS_TOP)) if dimension.kind is DimensionKind.VAS else (1, dimension.levels)
