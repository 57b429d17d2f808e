"""Forms of the study pages: they check what a person typed, the domain does the writing."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotator.forms.scheme import PRESETS
from annotator.forms.trace_reading import TraceReadingForm
from annotator.models import Study
from mlcore.types import Dimension

#: the questions of the form's own rows
OWN = "own"


class StudyForm(TraceReadingForm, forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    scheme = forms.ChoiceField(
        label=_("Label scheme"),
        choices=[
            *((key, text) for key, (text, _dimensions) in PRESETS.items()),
            (OWN, _("Own questions, as set up below")),
        ],
        widget=forms.RadioSelect,
    )
    eeg_channels = forms.CharField(
        label=_("EEG channels"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Names separated by commas, as the caps name them. Empty: those of the first recording imported."),
    )

    #: what everybody fills in, before what has a usable default
    field_order = ["title", "slug", "description", "scheme"]

    class Meta:
        model = Study
        fields = [
            "title",
            "slug",
            "description",
            "window_s",
            "hop_s",
            "eeg_channels",
            "eeg_sfreq",
            "min_eeg_channels",
            "include_single_modality",
            "overlap",
            "reserve",
            "lease_s",
            "test_subject_share",
            "test_clips_per_subject",
            "min_labels",
        ]
        widgets = {"description": forms.Textarea(attrs={"rows": 2})}
        labels = {
            "title": _("Title"),
            "slug": _("Short name"),
            "description": _("Description"),
            "window_s": _("Clip length (s)"),
            "hop_s": _("Step from clip to clip (s)"),
            "eeg_sfreq": _("EEG rate for training (Hz)"),
            "min_eeg_channels": _("Fewest shared channels"),
            "include_single_modality": _("Make clips where only EEG or only video is there"),
            "overlap": _("Annotators a clip"),
            "reserve": _("Clips an annotator holds at once"),
            "lease_s": _("A reserved clip returns to the queue after (s)"),
            "test_subject_share": _("Share of subjects kept for testing"),
            "test_clips_per_subject": _("Test clips a subject, at most"),
            "min_labels": _("Labelled clips a round needs"),
        }
        help_texts = {
            "slug": _("Appears in addresses: letters, digits and hyphens."),
            "min_eeg_channels": _(
                "A session that shares fewer of the study's channels is labelled, but not trained on."
            ),
            "test_subject_share": _("0.2 keeps one subject in five (at least 2). Fixed once labelling begins."),
        }

    def clean_eeg_channels(self) -> list[str]:
        names = [name.strip() for name in self.cleaned_data["eeg_channels"].split(",") if name.strip()]
        if len({name.lower() for name in names}) != len(names):
            raise forms.ValidationError(gettext("Each channel may be named once."))
        return names

    def clean_window_s(self) -> float:
        return _above_zero(self.cleaned_data["window_s"])

    def clean_hop_s(self) -> float:
        return _above_zero(self.cleaned_data["hop_s"])

    def clean_test_subject_share(self) -> float:
        share = float(self.cleaned_data["test_subject_share"])
        if not 0 < share < 1:
            raise forms.ValidationError(gettext("The share lies between 0 and 1, for example 0.2."))
        return share

    def clean_eeg_sfreq(self) -> float:
        sfreq = float(self.cleaned_data["eeg_sfreq"])
        if not 32 <= sfreq <= 2048:
            raise forms.ValidationError(gettext("The rate lies between 32 and 2048 Hz."))
        return sfreq

    @property
    def has_own_scheme(self) -> bool:
        """Whether the rows below count, and not one of the schemes that are ready."""
        return self.data.get("scheme") == OWN

    def preset(self) -> tuple[Dimension, ...]:
        return PRESETS[self.cleaned_data["scheme"]][1]


def _above_zero(seconds: float) -> float:
    if seconds <= 0:
        raise forms.ValidationError(gettext("A length in seconds is above 0."))
    return seconds
