"""The form of how a round reads answers given over time; what a value may be is the domain's to say."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from annotator.domain.trace_reading import TraceReading, check_trace_reading
from annotator.exceptions import DomainError


class TraceReadingForm(forms.Form):
    trace_sfreq = forms.FloatField(
        label=_("Rate of traces in a round (Hz)"),
        initial=TraceReading().trace_sfreq,
        help_text=_("Of questions answered over time: values a second that a round and exports make of them."),
    )
    applies_lag = forms.BooleanField(
        label=_("Move traces by each annotator's measured reaction lag"),
        required=False,
        help_text=_("What was recorded stays as it came; a round reads it so much earlier."),
    )

    def clean_trace_sfreq(self) -> float:
        sfreq = float(self.cleaned_data["trace_sfreq"])
        try:
            check_trace_reading(TraceReading(sfreq))
        except DomainError as error:
            raise forms.ValidationError(error.message) from error
        return sfreq

    @property
    def settings(self) -> TraceReading:
        return TraceReading(**self.cleaned_data)
