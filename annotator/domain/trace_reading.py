"""How the next round reads answers given over time: at what rate, and whether reaction lags are applied.

A round keeps what it was launched with (`Round.reading`); what is changed here holds from the next one on.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext

from annotator.domain import audit
from annotator.exceptions import DomainError
from annotator.models import Study, User
from mlcore.types import JsonObject

#: nobody's hand tells more
MAX_TRACE_SFREQ = 100.0


@dataclass(frozen=True, slots=True)
class TraceReading:
    #: values a second that a round makes of traces, Hz
    trace_sfreq: float = 4.0
    #: whether a round moves each annotator's traces by their reaction lag
    applies_lag: bool = False

    def to_json(self) -> JsonObject:
        return asdict(self)


def trace_reading_of(study: Study) -> TraceReading:
    return TraceReading(study.trace_sfreq, study.applies_lag)


def check_trace_reading(settings: TraceReading, *, code: str = "bad_setting") -> None:
    """Raises DomainError for what no round could read by, whoever sent it."""
    sfreq: Any = settings.trace_sfreq
    is_number = isinstance(sfreq, int | float) and not isinstance(sfreq, bool) and math.isfinite(sfreq)
    if not (is_number and 0 < sfreq <= MAX_TRACE_SFREQ):
        raise DomainError(
            gettext("The rate of traces lies above 0 and up to {most} Hz.").format(most=f"{MAX_TRACE_SFREQ:g}"), code
        )
    if not isinstance(settings.applies_lag, bool):
        raise DomainError(gettext("applies_lag is true or false."), code)


@transaction.atomic
def set_trace_reading(study: Study, settings: TraceReading, *, actor: User | None) -> bool:
    """Store them; the next round reads by them. False where nothing was different."""
    check_trace_reading(settings)
    locked = Study.objects.select_for_update(no_key=True).get(pk=study.pk)
    before, after = trace_reading_of(locked).to_json(), settings.to_json()
    different = {name: value for name, value in after.items() if value != before[name]}
    for row in (locked, study):
        row.trace_sfreq, row.applies_lag = settings.trace_sfreq, settings.applies_lag
    if different:
        locked.save(update_fields=["trace_sfreq", "applies_lag"])
        audit.record(actor, study, "set_trace_reading", study, different)
    return bool(different)
