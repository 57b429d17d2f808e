"""Forty per cent of a pool have dead sensors: from the samples, through measured quality, to who is asked what."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from mlcore.acquire import ASKS, Candidates, Composition, audit_keys, compose, gate
from mlcore.io.eeg import open_eeg
from mlcore.signals import eeg_clip_quality
from mlcore.simulate import SimulationConfig
from mlcore.simulate.brain import draw_eeg
from mlcore.simulate.mahnob import EEG_CHANNELS
from mlcore.simulate.recordings import draw_plans, draw_subjects
from mlcore.types import AcquisitionConfig, Ask, Route, Window
from mlcore.vision import FaceReference, face_clip_quality
from tests.factories.arrays import in_memory
from tests.factories.shared import shared_file
from tests.mlcore.acquire.pools import picked_by, pool, scores_of
from tests.mlcore.vision.tracks import frontal_track

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

SFREQ, CLIP_S, N_CLIPS = 256.0, 5.0, 120
CHANNELS = EEG_CHANNELS[::2]
DEAD_SHARE, LIMIT = 0.4, 0.05
CONFIG = AcquisitionConfig(batch_size=20)


def _unplugged(clip_uv: Floats, rng: np.random.Generator) -> Floats:
    """The amplifier's own noise."""
    return rng.normal(0.0, 0.2, clip_uv.shape)


def _railed(clip_uv: Floats, rng: np.random.Generator) -> Floats:
    """A cap that dried up: every input drifted to the end of its range."""
    return np.repeat(rng.choice([-262_144.0, 262_143.0], (len(clip_uv), 1)), clip_uv.shape[1], axis=1)


def _floating(clip_uv: Floats, rng: np.random.Generator) -> Floats:
    """Electrodes in the air: hum, and nothing of the head."""
    times_s = np.arange(clip_uv.shape[1]) / SFREQ
    phases = rng.uniform(0.0, 2 * np.pi, (len(clip_uv), 1))
    return 80.0 * np.sin(2 * np.pi * 50.0 * times_s + phases) + rng.normal(0.0, 1.0, clip_uv.shape)


def _interrupted(clip_uv: Floats, rng: np.random.Generator) -> Floats:
    """A radio link that breaks off again and again, and holds its last sample."""
    broken = clip_uv.copy()
    length = clip_uv.shape[1] // 5
    for first in range(0, clip_uv.shape[1], length):
        held = slice(first + int(0.2 * length), first + length)
        broken[:, held] = broken[:, held.start : held.start + 1]
    return broken


DEATHS: Sequence[Callable[[Floats, np.random.Generator], Floats]] = (_unplugged, _railed, _floating, _interrupted)


def _draw(n_clips: int) -> list[Floats]:
    """Simulated EEG of three people, with blinks, muscle, pops and bad channels as the simulation has them."""
    config = SimulationConfig(n_subjects=3, n_trials=4, trial_s=60.0, seed=11)
    people = {person.number: person for person in draw_subjects(config)}
    clips: list[Floats] = []
    for number, plan in enumerate(draw_plans(config)):
        eeg_uv = draw_eeg(
            plan,
            people[plan.subject],
            sfreq=SFREQ,
            n_samples=round(plan.duration_s * SFREQ),
            difficulty=config.difficulty,
            rng=np.random.default_rng(number),
            subject_rng=np.random.default_rng(1000 + plan.subject),
        )
        n_samples = round(CLIP_S * SFREQ)
        clips += [eeg_uv[::2, at * n_samples : (at + 1) * n_samples] for at in range(n_clips // 12)]
    return clips


def _eeg_quality(clips: Sequence[Floats], sfreq: float, names: Sequence[str]) -> Floats:
    recordings = (in_memory(clip, sfreq, names) for clip in clips)
    judged = (
        next(eeg_clip_quality(one, names, [Window(1, 0.0, one.info.duration_s, has_eeg=True, has_face=False)]))
        for one in recordings
    )
    return np.array([quality.score for quality in judged])


def _die(clips: Sequence[Floats], is_dead: Flags, rng: np.random.Generator) -> list[Floats]:
    return [DEATHS[at % len(DEATHS)](clip, rng) if is_dead[at] else clip for at, clip in enumerate(clips)]


def _dead(n: int) -> Flags:
    return np.random.default_rng(3).permutation(n) < DEAD_SHARE * n


def _asked(clips: Candidates, is_dead: Flags, config: AcquisitionConfig) -> Composition:
    """By a strategy that finds what is dead more interesting than all else, as entropy does."""
    interest = is_dead + np.random.default_rng(4).random(len(is_dead))
    clips = replace(clips, scores=scores_of(len(is_dead), entropy=interest))
    return compose(
        clips,
        picked_by(interest),
        config,
        gated=gate(clips, config),
        audit_order=audit_keys(np.arange(len(is_dead)), seed=1),
        n_composed=40,
        rng=np.random.default_rng(5),
    )


def _share_of_dead(found: Composition, is_dead: Flags, *, n: int | None = None) -> float:
    """Among the places that annotators are given, or the first n of them."""
    served = found.place[np.isin(found.route, [list(Route).index(route) for route in Route if route.is_served])]
    return float(is_dead[served[:n]].mean())


@pytest.fixture(scope="module")
def simulated() -> tuple[Candidates, Flags]:
    """EEG alone; quality measured from the samples."""
    is_dead = _dead(N_CLIPS)
    signals = _die(_draw(N_CLIPS), is_dead, np.random.default_rng(6))
    quality = _eeg_quality(signals, SFREQ, CHANNELS)
    subject = [at // (N_CLIPS // 3) for at in range(N_CLIPS)]
    return pool(subject, eeg=quality, face=np.full(N_CLIPS, np.nan)), is_dead


def test_dead_sensors_are_not_put_before_annotators(simulated: tuple[Candidates, Flags]) -> None:
    clips, is_dead = simulated
    assert is_dead.mean() == pytest.approx(DEAD_SHARE)
    found = _asked(clips, is_dead, CONFIG)
    assert _share_of_dead(found, is_dead) < LIMIT
    assert _share_of_dead(found, is_dead, n=40) < LIMIT


def test_living_sensors_are(simulated: tuple[Candidates, Flags]) -> None:
    clips, is_dead = simulated
    assert gate(clips, CONFIG).is_served[~is_dead].mean() > 0.95


def test_without_the_gate_most_of_what_is_asked_is_dead(simulated: tuple[Candidates, Flags]) -> None:
    clips, is_dead = simulated
    found = _asked(clips, is_dead, replace(CONFIG, is_gated=False))
    assert _share_of_dead(found, is_dead, n=40) > 0.5
    assert _share_of_dead(found, is_dead) == pytest.approx(DEAD_SHARE)


def test_where_the_face_is_alive_it_is_asked_about_alone_and_where_it_is_not_nobody_is(
    simulated: tuple[Candidates, Flags],
) -> None:
    clips, is_dead = simulated
    camera_is_off = np.arange(N_CLIPS) % 3 == 0
    clips = replace(clips, quality={**clips.quality, "face": _face_quality(camera_is_off)})
    found = _asked(clips, is_dead, CONFIG)
    both_dead = is_dead & camera_is_off
    assert _share_of_dead(found, both_dead) < LIMIT
    asks = {int(place): ASKS[ask] for place, ask in zip(found.place, found.ask, strict=True)}
    face_only = [asks[place] for place in np.flatnonzero(is_dead & ~camera_is_off).tolist()]
    assert face_only.count(Ask.FACE) > 0.95 * len(face_only)


def test_dead_stretches_of_a_real_recording_are_not_put_before_annotators() -> None:
    recording = open_eeg(shared_file("eeg", "pyedflib", "test_utf8.edf"))
    names = [name for name, kind in zip(recording.info.channels, recording.info.kinds, strict=True) if kind == "eeg"]
    clips = [1e6 * recording.read_raw(names, at_s, at_s + CLIP_S) for at_s in np.arange(0.0, 690.0, 15.0)]
    is_dead = _dead(len(clips))
    quality = _eeg_quality(_die(clips, is_dead, np.random.default_rng(7)), recording.info.sfreq, names)
    found = _asked(pool([0] * len(clips), eeg=quality, face=np.full(len(clips), np.nan)), is_dead, CONFIG)
    assert _share_of_dead(found, is_dead) < LIMIT
    n_served = int((found.route == list(Route).index(Route.MAIN)).sum())
    assert n_served > 0.95 * (~is_dead).sum()


def _face_quality(is_off: Flags) -> Floats:
    """Of a face track in which nobody is found while the camera is covered."""
    track = frontal_track(len(is_off) * CLIP_S)
    off_now = np.repeat(is_off, round(CLIP_S * 25))
    track = replace(track, found=track.found & ~off_now)
    reference = FaceReference.of(track)
    return np.array(
        [
            face_clip_quality(
                track,
                start_s=at * CLIP_S,
                stop_s=(at + 1) * CLIP_S,
                frame_times_s=track.times_s,
                reference=reference,
            ).score
            for at in range(len(is_off))
        ]
    )
