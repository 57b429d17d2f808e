"""The form of a study's acquisition settings; what a value may be is the domain's to say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotator.domain.acquisition import Acquisition, BadSetting, changed
from annotator.enums import RankingPolicy, VoteModel
from mlcore.types import Strategy

STRATEGIES = [(one.value, RankingPolicy(one.value).label) for one in Strategy]


class AcquisitionForm(forms.Form):
    """Fields in four parts, as the page shows them. Numbers are read by the domain, which names what is wrong."""

    strategy = forms.ChoiceField(
        label=_("Strategy"),
        choices=STRATEGIES,
        help_text=_(
            "What orders the clips. One that needs what a round can't give is replaced by the default, "
            "and the round says so. Entropy is the plain choice; BALD saved most answers in simulations with many bad "
            "sensors, cost answers on real votes without any, and takes many times as long to score."
        ),
    )
    vote_model = forms.ChoiceField(
        label=_("What a clip's answers become"),
        choices=VoteModel.choices,
        help_text=_("What a round learns where several people answered one clip."),
    )
    budget_minutes = forms.CharField(
        label=_("Budget (minutes of annotation)"),
        required=False,
        help_text=_("What the study may cost in all; empty for none. Nothing stops when it is reached: it is said."),
    )
    is_gated = forms.BooleanField(
        label=_("Keep clips with bad signals from annotators"),
        required=False,
        help_text=_(
            "By measured quality: a clip with one bad modality is judged by the other, one with none goes to "
            "the quality list."
        ),
    )
    min_quality = forms.CharField(
        label=_("Least quality of a modality"),
        help_text=_("0 worthless … 1 clean. Below it a modality is not judged by."),
    )
    min_dissonance = forms.CharField(
        label=_("Conflict that asks for a second opinion"),
        help_text=_("0 of one mind … 1 torn. From it on a clip of good signals is answered by two people."),
    )
    batch_size = forms.CharField(
        label=_("Clips in a batch"), help_text=_("1 to 10000: so many are put together at a time.")
    )
    min_gap_s = forms.CharField(
        label=_("Gap within a recording (s)"),
        help_text=_("Two clips of one recording in a batch are at least so far apart."),
    )
    max_subject_share = forms.CharField(
        label=_("Most of one subject"), help_text=_("Share of a batch, above 0 and up to 1.")
    )
    audit_share = forms.CharField(
        label=_("Random clips"), help_text=_("Share of a batch that tells honestly how good the model is.")
    )
    repeat_share = forms.CharField(
        label=_("Repeats"), help_text=_("Share of a batch that was answered before, by somebody else or by oneself.")
    )
    second_opinion_share = forms.CharField(
        label=_("Second opinions"), help_text=_("Share of a batch that goes to two people because it is ambiguous.")
    )
    relabel_share = forms.CharField(
        label=_("Answers in doubt"),
        help_text=_("At most this share of a batch asks again about a clip whose answer is probably wrong."),
    )
    diversity = forms.CharField(
        label=_("Diversity"),
        help_text=_("0: by score alone … 1: as different from one another as can be, among the best."),
    )

    min_gain = forms.CharField(
        label=_("Gain worth having"),
        help_text=_("In the share right, by twice the labels: 0.01 is one percentage point, 0 any gain."),
    )
    min_gain_per_hour = forms.CharField(
        label=_("Gain worth an hour"),
        help_text=_("In the share right, for each hour of annotation: 0.01 is one percentage point, 0 any gain."),
    )
    max_half_width = forms.CharField(
        label=_("Precision wanted (±)"),
        required=False,
        help_text=_(
            "Of the share right on the random slice, up to 0.5; empty for none. Until it is known to 0.05, for "
            "example, no round suggests to stop unless the budget is spent."
        ),
    )
    min_kappa = forms.CharField(
        label=_("Agreement of settled models (κ)"),
        help_text=_("Between 0 and 1: from it on, two successive models say the same of unlabelled clips."),
    )
    n_stable = forms.CharField(label=_("Agreements in a row"), help_text=_("1 to 20 before models count as settled."))

    METHOD = ("strategy", "vote_model")
    GATE = ("is_gated", "min_quality", "min_dissonance")
    BATCH = (
        "batch_size",
        "min_gap_s",
        "max_subject_share",
        "audit_share",
        "repeat_share",
        "second_opinion_share",
        "relabel_share",
        "diversity",
    )
    STOPPING = ("budget_minutes", "min_gain", "min_gain_per_hour", "max_half_width", "min_kappa", "n_stable")
    WHOLE = ("batch_size", "budget_minutes", "n_stable")

    def __init__(self, known: Acquisition, data: Mapping[str, Any] | None = None, *, is_open: bool = True) -> None:
        initial = {name: _typed(value) for name, value in known.to_json().items()}
        super().__init__(data, initial=initial)
        self.known = known
        self.settings = known
        for name, field in self.fields.items():
            field.disabled = not is_open
            if isinstance(field, forms.CharField):
                field.widget.attrs["inputmode"] = "numeric" if name in self.WHOLE else "decimal"

    @property
    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        titles = (
            (gettext("Method"), self.METHOD),
            (gettext("Gate"), self.GATE),
            (gettext("Batch"), self.BATCH),
            (gettext("When stopping is suggested"), self.STOPPING),
        )
        return [(title, [self[name] for name in names]) for title, names in titles]

    def clean(self) -> dict[str, Any]:
        """One value after the other, so that each bad one is told at its own field; then all together."""
        given = {name: value for name, value in self.cleaned_data.items() if name not in self.errors}
        settings = self.known
        for name, value in given.items():
            try:
                changed(Acquisition(), {name: value})
            except BadSetting as error:
                self.add_error(error.setting, error.sentence)
        if not self.errors:
            try:
                settings = changed(self.known, given)
            except BadSetting as error:
                self.add_error(error.setting, error.sentence)
        self.settings = settings
        return given


def _typed(value: Any) -> Any:
    """As somebody would type it: 10 rather than 10.0."""
    return f"{value:g}" if isinstance(value, float) else value
