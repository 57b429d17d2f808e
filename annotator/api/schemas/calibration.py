"""A calibration of the reaction lag."""

from datetime import datetime

from ninja import Schema
from pydantic import StrictFloat, StrictInt, StrictStr

from annotator.api.schemas.base import Input
from annotator.enums import TraceDevice


class CalibrationEventsIn(Input):
    """Columns of equal length, at most 20,000 events."""

    #: since the dot began to move; never falling
    stimulus_s: list[StrictInt | StrictFloat]
    wall_ms: list[StrictInt | StrictFloat]
    #: -1..1
    value: list[StrictInt | StrictFloat]
    #: a letter an event, as of a trace
    device: StrictStr


class CalibrationIn(Input):
    device: TraceDevice
    #: of the dot's course: `annotator.domain.lags.stimulus`
    seed: StrictInt
    events: CalibrationEventsIn


class CalibrationOut(Schema):
    device: TraceDevice
    seed: int
    lag_ms: float
    #: of dot and hand at that lag
    correlation: float
    created_at: datetime
