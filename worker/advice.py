"""Whether a study should have another round: what its rows tell, for mlcore's stopping rules.

The learning curve is prequential: each published round's stored predictions are judged by the answers to its own
audit slice, which were given after it and which it can't have learnt from. So no answer judges a model that knew it,
and the slice being drawn at random, no strategy's taste is in the figure. The round that is being published has no
such answers yet and no point on the curve: its own advice speaks of the rounds before it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from django.db.models import Count, Q, Sum
from numpy.typing import NDArray

from annotator.domain.rounds import Vote
from annotator.enums import AnswerKind, LabelState, RoundState
from annotator.models import Label, Prediction, Round, RoundLabel, Study
from mlcore.acquire.forecast import CurvePoint
from mlcore.acquire.stopping import History, advise, successive_kappa
from mlcore.types import Dimension, JsonObject, Term
from worker.reading import Reading, likeliest

Ids = NDArray[np.int64]
Probabilities = Mapping[str, NDArray[np.floating]]
#: clips by which successive models are compared, as many as the rule's authors found enough
STOP_SET_SIZE = 2000
#: a scale with more levels than this is told right when it is told within one level
MAX_EXACT_LEVELS = 5


@dataclass(frozen=True, slots=True)
class Newest:
    """What the round that is being published says, before its rows are there.

    `clip_ids` (n,) and, row by row, the probabilities (n, K) of each question.
    """

    clip_ids: Ids
    probabilities: Probabilities
    metrics: JsonObject = field(default_factory=dict)
    #: Krippendorff's alpha of each question, as `worker.votes` tells it
    agreement: Mapping[str, float | None] = field(default_factory=dict)


@dataclass(slots=True)
class _Tally:
    """Right answers and clips of one round's audit slice, by subject."""

    right: dict[int, float] = field(default_factory=lambda: defaultdict(float))
    n: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, subject_id: int, right: float) -> None:
        self.right[subject_id] += right
        self.n[subject_id] += 1

    def point(self, n_labels: int) -> CurvePoint:
        by_subject = tuple((self.right[one], self.n[one]) for one in sorted(self.n))
        return CurvePoint(n_labels, sum(self.right.values()), sum(self.n.values()), by_subject)


def advise_round(round_: Round, newest: Newest) -> JsonObject:
    """As `Round.advice` keeps it, by the study's rules. A handful of queries, however much there is."""
    study = round_.study
    rules = study.stopping_config
    earlier = list(study.rounds.filter(state=RoundState.PUBLISHED, number__lt=round_.number).order_by("number"))
    n_labels = labels_that_teach([*earlier, round_])
    audited = audit_points(study, earlier, n_labels)
    kappas, n_stop_set = kappas_of(study, earlier[-rules.n_stable :], newest)
    minutes, seconds_per_label = cost_so_far(study)
    history = History(
        points=tuple(audited.values()),
        n_labels=n_labels[round_.pk],
        kappas=kappas,
        n_stop_set=n_stop_set,
        minutes_spent=minutes,
        seconds_per_label=seconds_per_label,
        budget_minutes=study.budget_minutes,
    )
    advice = advise(history, rules).to_json()
    advice["figures"]["curve"] = [
        {"round": number, **point} for number, point in zip(audited, advice["figures"]["curve"], strict=True)
    ]
    advice["figures"]["test_curve"] = _test_curve(earlier, round_, newest, n_labels)
    advice["figures"]["agreement"] = dict(newest.agreement)
    return advice


# --- the learning curve ----------------------------------------------------------------------------------------------


def labels_that_teach(rounds: Sequence[Round]) -> dict[int, int]:
    """Round id -> frozen answers outside the test subjects."""
    frozen = RoundLabel.objects.filter(
        round__in=rounds, label__answer=AnswerKind.LABEL, label__clip__subject__is_test=False
    )
    counted = dict(frozen.values_list("round_id").annotate(n=Count("pk")))
    return {one.pk: counted.get(one.pk, 0) for one in rounds}


def audit_points(study: Study, rounds: Sequence[Round], n_labels: Mapping[int, int]) -> dict[int, CurvePoint]:
    """Round number -> how its predictions did on the answers to its own audit slice; of rounds that have any."""
    by_number = {one.number: one for one in rounds if n_labels[one.pk] > 0}
    readings = {number: Reading.of(one) for number, one in by_number.items()}
    answers = _audit_answers(study, set(by_number))
    clips = {clip for _, clip in answers}
    predictions = {
        (number, clip): said
        for number, clip, said in Prediction.objects.filter(round__in=rounds, clip_id__in=clips).values_list(
            "round__number", "clip_id", "probabilities"
        )
    }
    known = set(
        RoundLabel.objects.filter(round__in=rounds, label__clip_id__in=clips).values_list(
            "round__number", "label__clip_id"
        )
    )
    tallies: dict[int, _Tally] = defaultdict(_Tally)
    for (number, clip), (subject_id, given) in answers.items():
        reading = readings[number]
        told = [vote.values for vote in reading.read({clip: given})[clip]]
        right = share_right(predictions.get((number, clip), {}), told, reading.questions)
        if right is not None and (number, clip) not in known:
            tallies[number].add(subject_id, right)
    return {number: tallies[number].point(n_labels[by_number[number].pk]) for number in sorted(tallies)}


def _audit_answers(study: Study, numbers: set[int]) -> dict[tuple[int, int], tuple[int, list[Vote]]]:
    """(number of the round whose random slice it was, clip) -> subject, first answers."""
    is_audit = Q(served__term=Term.AUDIT.value) | Q(entry__term=Term.AUDIT.value)
    labels = (
        Label.objects.votes()
        .filter(
            is_audit,
            study=study,
            answer=AnswerKind.LABEL,
            pass_number=0,
            clip__subject__is_test=False,
        )
        .order_by("pk")
    )
    found: dict[tuple[int, int], tuple[int, list[Vote]]] = {}
    columns = ("pk", "clip_id", "clip__subject_id", "annotator_id", "pass_number", "served", "values")
    for label_id, clip, subject_id, user_id, pass_number, served, values in labels.values_list(*columns):
        if served.get("round") in numbers:
            vote = Vote(user_id, pass_number, values, label_id)
            found.setdefault((served["round"], clip), (subject_id, []))[1].append(vote)
    return found


def share_right(
    said: Mapping[str, Sequence[float]], given: Sequence[JsonObject], dimensions: Sequence[Dimension]
) -> float | None:
    """Mean over the questions that were answered: 1 where the likeliest class is what most people said, else 0.

    None where nothing can be compared; where people are split, the question is left out.
    """
    marks = [_mark(said.get(one.key), given, one) for one in dimensions]
    told = [mark for mark in marks if mark is not None]
    return float(np.mean(told)) if told else None


def _mark(said: Sequence[float] | None, given: Sequence[JsonObject], dimension: Dimension) -> bool | None:
    answers = [likeliest(dimension, values[dimension.key]) for values in given if values.get(dimension.key) is not None]
    counts = np.bincount(answers, minlength=dimension.n_classes) if answers else np.zeros(dimension.n_classes)
    if not said or not answers or (counts == counts.max()).sum() > 1:
        return None
    reach = 1 if dimension.levels > MAX_EXACT_LEVELS else 0
    return abs(int(np.argmax(said)) - int(counts.argmax())) <= reach


def _test_curve(
    earlier: Sequence[Round], round_: Round, newest: Newest, n_labels: Mapping[int, int]
) -> list[JsonObject]:
    """Balanced accuracy on the test subjects beside the labels that taught it."""
    metrics = [(one, one.metrics) for one in earlier] + [(round_, newest.metrics)]
    return [
        {
            "round": one.number,
            "n_labels": n_labels[one.pk],
            "score": found["mean_balanced_accuracy"],
            "interval": found.get("interval"),
        }
        for one, found in metrics
        if found.get("mean_balanced_accuracy") is not None
    ]


# --- do the models still change their minds? -------------------------------------------------------------------------


def kappas_of(study: Study, earlier: Sequence[Round], newest: Newest) -> tuple[tuple[float, ...], int]:
    """κ of each of these models with the next, the newest last, on clips that none of them was taught; their number."""
    if not earlier:
        return (), 0
    drawn = stop_set(newest.clip_ids, seed=study.seed, size=2 * STOP_SET_SIZE)
    said: dict[int, dict[int, Mapping[str, Sequence[float]]]] = {one.pk: {} for one in earlier}
    rows = Prediction.objects.filter(round__in=earlier, clip_id__in=[int(clip) for clip in newest.clip_ids[drawn]])
    for round_id, clip, probabilities in rows.values_list("round_id", "clip_id", "probabilities"):
        said[round_id][clip] = probabilities
    common = [place for place in drawn if all(int(newest.clip_ids[place]) in one for one in said.values())]
    places = np.array(common[:STOP_SET_SIZE], dtype=np.int64)
    clips = [int(clip) for clip in newest.clip_ids[places]]
    models: list[Probabilities] = [_columns([said[one.pk][clip] for clip in clips]) for one in earlier]
    models.append({name: values[places] for name, values in newest.probabilities.items()})
    return tuple(successive_kappa(before, after) for before, after in pairwise(models)), len(clips)


def stop_set(clip_ids: Ids, *, seed: int, size: int) -> Ids:
    """Places of at most `size` clips, drawn by their ids alone: as the pool shrinks the clips left are the same."""
    with np.errstate(over="ignore"):
        mixed = clip_ids.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed)
        mixed = (mixed ^ (mixed >> np.uint64(31))) * np.uint64(0xBF58476D1CE4E5B9)
    return np.lexsort((clip_ids, mixed ^ (mixed >> np.uint64(27))))[:size].astype(np.int64)


def _columns(said: Sequence[Mapping[str, Sequence[float]]]) -> dict[str, NDArray[np.float64]]:
    """Per question (n, K); of the questions that every one of these predictions has."""
    names = set.intersection(*(set(one) for one in said)) if said else set()
    return {name: np.array([one[name] for one in said], dtype=np.float64) for name in sorted(names)}


# --- what it costs ---------------------------------------------------------------------------------------------------


def cost_so_far(study: Study) -> tuple[float, float | None]:
    """Minutes that all answers took, whatever became of them; and seconds for each that teaches, None before the first.

    "Can't tell", "bad signal" and corrections are part of what a label of the pool costs; the test subjects' are not,
    for they are answered once and for all.
    """
    pool = Q(clip__subject__is_test=False)
    found = Label.objects.filter(study=study).aggregate(
        spent=Sum("seconds_spent"),
        on_pool=Sum("seconds_spent", filter=pool),
        n=Count("pk", filter=pool & Q(state=LabelState.CURRENT, answer=AnswerKind.LABEL)),
    )
    return float(found["spent"] or 0.0) / 60, float(found["on_pool"]) / found["n"] if found["n"] else None
