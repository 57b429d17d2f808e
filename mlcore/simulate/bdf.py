"""Write a simulated recording as BDF, as a BioSemi amplifier would: 24 bits, Status channel last."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from edfio import Bdf, BdfSignal, Patient, Recording
from numpy.typing import NDArray

from mlcore.simulate.mahnob import EEG_CHANNELS, PERIPHERAL_CHANNELS, STATUS_CHANNEL, recorded_at
from mlcore.simulate.plan import TrialPlan

Signal = NDArray[np.float64]
TRIGGER_VALUE = 16
_PULSE_S = 0.02
#: BioSemi's own flags above the 16 trigger bits: electrodes in range, amplifier of the second generation
_STATUS_FLAGS = 0x900000
_RANGE_UV = 262144.0
_FULL_SCALE = 2**23


def sample_count(plan: TrialPlan, sfreq: float) -> int:
    """Samples of a recording: whole data records of one second."""
    return int(np.ceil(plan.duration_s) * sfreq)


def write_bdf(path: Path, eeg_uv: Signal, body_uv: Signal, *, plan: TrialPlan, sfreq: float) -> None:
    """Write EEG (32, T) and peripheral channels (14, T) in µV with triggers where the stimulus starts and ends."""
    rows = zip((*EEG_CHANNELS, *PERIPHERAL_CHANNELS), (*eeg_uv, *body_uv), strict=True)
    signals = [_signal(name, row, sfreq=sfreq) for name, row in rows]
    signals.append(_status(plan, n_samples=eeg_uv.shape[1], sfreq=sfreq))
    moment = recorded_at(plan.subject, plan.trial)
    recording = Recording(startdate=moment.date(), equipment_code="SIMULATED")
    patient = Patient(code=f"SIM{plan.subject:02d}")
    bdf = Bdf(signals, patient=patient, recording=recording, starttime=moment.time(), data_record_duration=1.0)
    bdf.write(path)


def _signal(name: str, row_uv: Signal, *, sfreq: float) -> BdfSignal:
    # rounded here, so that the same numbers are written whatever the writer's rounding
    digital = np.clip(np.rint(row_uv * (_FULL_SCALE / _RANGE_UV)), -_FULL_SCALE, _FULL_SCALE - 1).astype(np.int32)
    return BdfSignal.from_digital(
        digital,
        sfreq,
        label=name,
        transducer_type="simulated",
        physical_dimension="uV",
        physical_range=(-_RANGE_UV, _RANGE_UV - _RANGE_UV / _FULL_SCALE),
        digital_range=(-_FULL_SCALE, _FULL_SCALE - 1),
    )


def _status(plan: TrialPlan, *, n_samples: int, sfreq: float) -> BdfSignal:
    status = np.full(n_samples, _STATUS_FLAGS, dtype=np.int64)
    for time_s in (plan.start_s, plan.stop_s):
        first = round(time_s * sfreq)
        status[first : first + max(1, round(_PULSE_S * sfreq))] |= TRIGGER_VALUE
    signed = np.where(status >= _FULL_SCALE, status - 2 * _FULL_SCALE, status).astype(np.int32)
    return BdfSignal.from_digital(
        signed,
        sfreq,
        label=STATUS_CHANNEL,
        transducer_type="simulated",
        physical_dimension="Boolean",
        physical_range=(-_FULL_SCALE, _FULL_SCALE - 1),
        digital_range=(-_FULL_SCALE, _FULL_SCALE - 1),
    )
