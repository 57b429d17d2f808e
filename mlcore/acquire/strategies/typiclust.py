"""TypiClust: the most typical clips of the clusters that have the fewest answers. It needs no model."""

from __future__ import annotations

from heapq import heapify, heappop, heapreplace

import numpy as np

from mlcore.acquire.candidates import Floats, Places
from mlcore.acquire.strategies.choice import Choice, Rated
from mlcore.acquire.strategies.clusters import k_means, typicality
from mlcore.acquire.strategies.core_set import known_places
from mlcore.acquire.strategies.distances import Single
from mlcore.acquire.strategies.steps import Course, gather, n_steps, random_part, rated, with_a_place

#: of more clips a random part is looked at; likewise of the known
POOL = 20_000
#: of each subject so many are looked at, however many subjects share `POOL`
POOL_OF_SUBJECT = 500
#: more clusters are not made, as in the source
MAX_CLUSTERS = 500
_NONE = np.zeros(0, dtype=np.int64)


def typiclust(choice: Choice) -> Rated:
    """Clusters of the clips and of those known, as many as known and wanted together, at most `MAX_CLUSTERS`.

    The next clip is the most typical one left of the cluster with the fewest answered or chosen clips, the largest of
    equals. Of more than `POOL` clips a random part is looked at. Takes O(POOL·D) memory.

    Source: Hacohen, Dekel and Weinshall 2022, arXiv 2202.02794.
    """
    usable, excluded = with_a_place(choice)
    looked_at, beyond = random_part(usable, POOL, choice.rng)
    known = known_places(choice)
    known = known[random_part(np.arange(len(known)), POOL, choice.rng)[0]]
    x = gather(choice.embedding, looked_at)
    order, gain = typical_first(x, known, n_steps(choice, len(x)), rng=choice.rng)
    course = Course(looked_at[order], looked_at, gain, beyond, choice.rng.random(len(beyond)))
    return rated(course, choice, excluded)


def inside_subjects(choice: Choice) -> Rated:
    """TypiClust inside each subject, the subjects in turn, beginning with a random one.

    Before the first model, features tell people apart better than what they feel: clusters of all clips would be
    people. Clips that have an answer are not regarded. The subjects share `POOL`.
    """
    usable, excluded = with_a_place(choice)
    clips_of = _members(choice.candidates.subject[usable])
    people = choice.rng.permutation(np.array([*clips_of], dtype=np.int64)).tolist()
    n_each = -(-n_steps(choice, len(usable)) // max(len(people), 1))
    limit = max(POOL // max(len(people), 1), POOL_OF_SUBJECT, n_each)
    courses = [_of_subject(choice, usable[clips_of[person]], n_each, limit=limit) for person in people]
    return rated(_in_turn(courses), choice, excluded)


def _of_subject(choice: Choice, clips: Places, n_wanted: int, *, limit: int) -> Course:
    looked_at, beyond = random_part(clips, limit, choice.rng)
    x = gather(choice.embedding, looked_at)
    order, gain = typical_first(x, x[:0], min(n_wanted, len(x)), rng=choice.rng)
    return Course(looked_at[order], looked_at, gain, beyond, choice.rng.random(len(beyond)))


def _in_turn(courses: list[Course]) -> Course:
    """The first clip of every course, then the second of every one, …"""
    turn = np.concatenate([np.arange(len(one.order)) for one in courses] or [_NONE])
    order = np.concatenate([one.order for one in courses] or [_NONE])
    return Course(
        order[np.argsort(turn, kind="stable")],
        np.concatenate([one.looked_at for one in courses] or [_NONE]),
        np.concatenate([one.gain for one in courses] or [np.zeros(0)]),
        np.concatenate([one.beyond for one in courses] or [_NONE]),
        np.concatenate([one.standing for one in courses] or [np.zeros(0)]),
    )


def typical_first(x: Single, known: Single, n_wanted: int, *, rng: np.random.Generator) -> tuple[Places, Floats]:
    """Places (n_wanted,) in the order of choosing, and how typical of its cluster each of n clips is (n,).

    Args:
        x: (n, D).
        known: (m, D) of clips with an answer.
        n_wanted: at most n.
        rng: for the clusters.
    """
    if not len(x):
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    n_clusters = min(len(known) + n_wanted, MAX_CLUSTERS)
    clusters = k_means(np.concatenate([x, known]), n_clusters, rng=rng)
    own, n_known = clusters[: len(x)], np.bincount(clusters[len(x) :], minlength=n_clusters)
    typical = np.empty(len(x))
    members = _members(own)
    for places in members.values():
        typical[places] = typicality(x[places])
    falling = {name: places[np.argsort(-typical[places], kind="stable")] for name, places in members.items()}
    return _fewest_first(falling, n_known, n_wanted), typical


def _members(clusters: Places) -> dict[int, Places]:
    """Places of each cluster, or of each other code; rising."""
    order = np.argsort(clusters, kind="stable")
    names, starts = np.unique(clusters[order], return_index=True)
    stops = [*starts[1:], len(order)]
    return {int(name): order[start:stop] for name, start, stop in zip(names, starts, stops, strict=False)}


def _fewest_first(members: dict[int, Places], n_known: Places, n_wanted: int) -> Places:
    """One place after the other, from the cluster with the fewest answered or taken, the largest of equals."""
    heap = [(int(n_known[name]), -len(places), name, 0) for name, places in members.items()]
    heapify(heap)
    order = np.empty(n_wanted, dtype=np.int64)
    for step in range(n_wanted):
        count, size, name, n_taken = heap[0]
        order[step] = members[name][n_taken]
        if n_taken + 1 < len(members[name]):
            heapreplace(heap, (count + 1, size, name, n_taken + 1))
        else:
            heappop(heap)
    return order
