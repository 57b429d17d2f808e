"""What a simulated face does over time: expression, blinks and head movement, one value a frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from mlcore.simulate.plan import TrialPlan
from mlcore.simulate.subjects import SubjectTraits

Values = NDArray[np.float64]
#: the face follows the feeling
REACTION_S = 0.4
_CLOSING_S, _CLOSED_S, _OPENING_S = 0.07, 0.05, 0.16


@dataclass(frozen=True, slots=True)
class Performance:
    """One value a frame each, (n,); ranges as in `mlcore.simulate.expression`, shifts in picture pixels."""

    smile: Values
    opening: Values
    brows: Values
    lids: Values
    shift_x: Values
    shift_y: Values
    #: radians to the right shoulder, share of size, picture pixels at the nose
    roll: Values
    zoom: Values
    yaw: Values
    brightness: Values
    #: how far a hand has come up before the face, 0..1, and the blur's standard deviation in picture pixels
    hand: Values
    blur: Values


def frame_session_s(plan: TrialPlan) -> Values:
    """Session time of every video frame, (n,)."""
    clocks = plan.clocks
    return clocks.offset_s + np.arange(clocks.n_frames) / clocks.vid_rate_hz


def lid_closure(times_s: Values, blinks_s: tuple[float, ...]) -> Values:
    """How far the lids are closed by blinking, 0..1, at session times; full in the middle of each blink."""
    knots_s = np.array([-_CLOSING_S - _CLOSED_S, -_CLOSED_S, _CLOSED_S, _CLOSED_S + _OPENING_S])
    closure = np.zeros_like(times_s)
    for blink_s in blinks_s:
        closure = np.maximum(closure, np.interp(times_s - blink_s, knots_s, (0.0, 1.0, 1.0, 0.0), left=0.0, right=0.0))
    return closure


def perform(plan: TrialPlan, traits: SubjectTraits, rng: Generator) -> Performance:
    """Turn a trial's course into movements of the face, with the subject's own gains and restlessness."""
    times_s = frame_session_s(plan)
    valence = plan.face_share * plan.at(plan.valence, times_s - REACTION_S)
    arousal = plan.face_share * plan.at(plan.arousal, times_s - REACTION_S)
    # a mixed expression: brows and eyes contradict the mouth
    said = valence if not plan.is_ambiguous else -0.7 * valence

    def restless(spread: float, hz: float) -> Values:
        return smooth_noise(times_s, rng, hz=hz) * spread

    turn = _envelope(times_s, plan, "turn")
    return Performance(
        smile=np.clip(traits.smile_gain * valence + traits.resting_smile + restless(0.12, 0.4), -1.0, 1.0),
        opening=_opening(valence, arousal, gain=traits.opening_gain) + restless(0.05, 1.0),
        brows=traits.brow_gain * (0.75 * arousal - 0.6 * np.maximum(-said, 0.0)) + restless(0.12, 0.5),
        lids=np.maximum(-0.3 * traits.brow_gain * arousal, lid_closure(times_s, plan.blinks_s)),
        shift_x=restless(2.2, 0.15) + (1.0 + 0.6 * arousal) * restless(0.8, 0.7),
        shift_y=restless(1.2, 0.15) + (1.0 + 0.6 * arousal) * restless(0.6, 0.7),
        roll=restless(0.025, 0.12),
        zoom=restless(0.02, 0.06),
        yaw=restless(1.2, 0.2) + 10.0 * turn * rng.choice((-1.0, 1.0)),
        brightness=1.0 + restless(0.015, 0.1),
        hand=_envelope(times_s, plan, "occlusion"),
        blur=2.2 * _envelope(times_s, plan, "blur"),
    )


def _opening(valence: Values, arousal: Values, *, gain: float) -> Values:
    """Mouth opening: teeth in a smile, jaw dropped when activated."""
    return gain * (0.12 + 0.35 * np.maximum(valence, 0.0) + 0.3 * arousal + 0.15 * np.maximum(arousal, 0.0))


def _envelope(times_s: Values, plan: TrialPlan, kind: str) -> Values:
    """0..1 during the video artefacts of one kind, with soft edges of 0.25 s."""
    out = np.zeros_like(times_s)
    for artefact in plan.artefacts:
        if artefact.kind == kind:
            edge_s = np.minimum(times_s - artefact.start_s, artefact.stop_s - times_s)
            out = np.maximum(out, np.clip(edge_s / 0.25, 0.0, 1.0))
    return out


def smooth_noise(times_s: Values, rng: Generator, *, hz: float) -> Values:
    """Noise of variance about 1 without content far above `hz`, at evenly spaced times."""
    span_s = float(times_s[-1] - times_s[0])
    knots_s = np.arange(times_s[0] - 2 / hz, times_s[0] + span_s + 3 / hz, 0.5 / hz)
    values = rng.normal(0.0, 1.0, size=knots_s.size)
    smooth = np.convolve(values, (0.25, 0.5, 0.25), mode="same") / np.sqrt(0.375)
    return np.asarray(np.interp(times_s, knots_s, smooth))
