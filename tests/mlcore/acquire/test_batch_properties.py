"""What holds of every composition, whatever the pool: seen over pools that Hypothesis makes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mlcore.acquire import (
    ASKS,
    ROUTES,
    TERMS,
    Answered,
    Candidates,
    Composition,
    Gated,
    audit_keys,
    compose,
    gate,
)
from mlcore.types import AcquisitionConfig, Ask, Route, Strategy, Term
from tests.mlcore.acquire.pools import answered_of, picked_by, pool, scores_of


@dataclass(frozen=True)
class Spec:
    """What Hypothesis draws; `_case` makes the pool of it."""

    seed: int
    n_clips: int
    n_answered: int
    n_sessions: int
    span_s: float
    n_composed: int
    config: AcquisitionConfig


@dataclass(frozen=True)
class Case:
    clips: Candidates
    config: AcquisitionConfig
    answered: Answered | None
    gated: Gated
    n_composed: int
    found: Composition


def _case(spec: Spec) -> Case:
    rng = np.random.default_rng(spec.seed)
    clips = _pool(rng, spec.n_clips, spec)
    answered = _answers(rng, spec) if spec.n_answered else None
    gated = gate(clips, spec.config)
    values = np.where(rng.random(spec.n_clips) < 0.1, np.nan, rng.random(spec.n_clips).round(1))
    found = compose(
        clips,
        picked_by(values),
        spec.config,
        gated=gated,
        audit_order=audit_keys(np.arange(clips.n_clips), seed=1),
        n_composed=spec.n_composed,
        rng=np.random.default_rng(2),
        answered=answered,
    )
    return Case(clips, spec.config, answered, gated, spec.n_composed, found)


def _pool(rng: np.random.Generator, n: int, spec: Spec) -> Candidates:
    session = rng.integers(0, spec.n_sessions, n)
    quality = [np.where(rng.random(n) < 0.2, np.nan, rng.random(n)) for _ in range(2)]
    probabilities = {"valence": rng.dirichlet(np.ones(3), n)}
    return pool(
        (session // 2).tolist(),
        session=session.tolist(),
        start_s=np.round(rng.uniform(0, spec.span_s, n), 1),
        eeg=quality[0],
        face=quality[1],
        crosses_change=(rng.random(n) < 0.1).tolist(),
        scores=scores_of(n, dissonance=rng.random(n), probabilities=probabilities),
        embedding=rng.normal(size=(n, 3)),
    )


def _answers(rng: np.random.Generator, spec: Spec) -> Answered:
    clips = _pool(rng, spec.n_answered, spec)
    people = [set(rng.integers(0, 3, 2).tolist()) for _ in range(spec.n_answered)]
    answers = [(clip, person, int(rng.integers(3))) for clip, some in enumerate(people) for person in some]
    return answered_of(clips, answers, asked_now=[0, 1, 2, 3], config=spec.config)


any_pools = st.builds(
    Spec,
    seed=st.integers(0, 2**32 - 1),
    n_clips=st.integers(1, 120),
    n_answered=st.integers(0, 30),
    n_sessions=st.integers(1, 12),
    span_s=st.sampled_from([20.0, 200.0, 5000.0]),
    n_composed=st.integers(0, 150),
    config=st.builds(
        AcquisitionConfig,
        strategy=st.sampled_from([Strategy.ENTROPY, Strategy.RANDOM]),
        is_gated=st.booleans(),
        min_quality=st.sampled_from([0.0, 0.3, 0.8]),
        min_dissonance=st.sampled_from([0.2, 0.8]),
        batch_size=st.integers(1, 25),
        min_gap_s=st.sampled_from([0.0, 5.0, 60.0]),
        max_subject_share=st.sampled_from([0.05, 0.25, 1.0]),
        audit_share=st.sampled_from([0.0, 0.12, 0.5]),
        repeat_share=st.sampled_from([0.0, 0.07, 0.3]),
        second_opinion_share=st.sampled_from([0.0, 0.1]),
        diversity=st.sampled_from([0.0, 0.5, 1.0]),
    ),
)


def _batches(case: Case) -> Iterator[slice]:
    """Where the composed batches stand: as many places as a batch has, or as there are clips left to serve."""
    done, n_left = 0, int(case.gated.is_served.sum())
    while done < case.n_composed and n_left:
        size = min(case.config.batch_size, case.n_composed - done, n_left)
        yield slice(done, done + size)
        n_left -= int((case.found.place[done : done + size] >= 0).sum())
        done += size


@dataclass(frozen=True)
class Row:
    subject: int
    session: int
    start_s: float
    stop_s: float
    is_second: bool

    def is_near(self, other: Row, gap_s: float) -> bool:
        apart_s = max(0.0, self.start_s - other.stop_s, other.start_s - self.stop_s)
        return self.session == other.session and apart_s < gap_s


def _row(clips: Candidates, gated: Gated, place: int) -> Row:
    is_second = ROUTES[gated.route[place]] is Route.SECOND_OPINION
    return Row(
        int(clips.subject[place]),
        int(clips.session[place]),
        float(clips.start_s[place]),
        float(clips.stop_s[place]),
        is_second,
    )


def _rows(case: Case, where: slice) -> list[Row]:
    rows = []
    for new, old in zip(case.found.place[where].tolist(), case.found.answered_place[where].tolist(), strict=True):
        if new >= 0:
            rows.append(_row(case.clips, case.gated, new))
        else:
            assert case.answered is not None
            rows.append(replace(_row(case.answered.clips, case.answered.gated, old), is_second=False))
    return rows


def _n_near(rows: list[Row], gap_s: float) -> int:
    return sum(one.is_near(other, gap_s) for at, one in enumerate(rows) for other in rows[:at])


@given(any_pools)
@settings(max_examples=60)
def test_every_candidate_has_one_place_and_every_answered_clip_one_at_most(spec: Spec) -> None:
    case = _case(spec)
    found = case.found
    is_new = found.place >= 0
    assert sorted(found.place[is_new].tolist()) == list(range(case.clips.n_clips))
    again = found.answered_place[~is_new]
    assert (again >= 0).all()
    assert len(set(again.tolist())) == len(again)
    assert (found.answered_place[is_new] == -1).all()
    assert not (~is_new)[case.n_composed :].any()
    assert {len(getattr(found, name)) for name in Composition.__slots__} == {found.n_places}


@given(any_pools)
@settings(max_examples=60)
def test_the_served_come_first_each_from_where_the_gate_says(spec: Spec) -> None:
    case = _case(spec)
    found = case.found
    routes = [ROUTES[code] for code in found.route]
    served = [route.is_served for route in routes]
    assert served == sorted(served, reverse=True)
    unserved = routes[sum(served) :]
    assert unserved == sorted(unserved, key=[Route.QUALITY, Route.NOWHERE].index)
    for at, place in enumerate(found.place.tolist()):
        if place >= 0:
            assert found.ask[at] == case.gated.ask[place]
            assert routes[at].is_served == case.gated.is_served[place]
        else:
            assert case.answered is not None
            assert case.answered.gated.is_served[found.answered_place[at]]
            assert found.ask[at] == case.answered.gated.ask[found.answered_place[at]]


@given(any_pools)
@settings(max_examples=60)
def test_a_rule_is_broken_only_where_a_place_would_have_stayed_empty(spec: Spec) -> None:
    """Whatever could still be asked would have broken a rule too, of those that give way no later."""
    case = _case(spec)
    config = case.config
    for where in _batches(case):
        rows, size = _rows(case, where), where.stop - where.start
        left = [_row(case.clips, case.gated, place) for place in case.found.place[where.stop :].tolist() if place >= 0]
        left = left[: int(case.gated.is_served.sum()) - int((case.found.place[: where.stop] >= 0).sum())]
        count = Counter(row.subject for row in rows)
        cap = max(1, math.floor(config.max_subject_share * size + 1e-9))
        even = max(cap, math.ceil(size / _n_open_before(case, where)))

        def keeps_apart(row: Row, rows: list[Row] = rows) -> bool:
            return not any(row.is_near(other, config.min_gap_s) for other in rows)

        if _n_near(rows, config.min_gap_s):
            assert not any(keeps_apart(row) for row in left)
        elif max(count.values()) > even:
            assert not any(keeps_apart(row) and count[row.subject] < even for row in left)
        elif max(count.values()) > cap:
            assert not any(keeps_apart(row) and count[row.subject] < cap and not row.is_second for row in left)


def _n_open_before(case: Case, where: slice) -> int:
    """Subjects who had served clips left as the batch began."""
    later = case.found.place[where.start :]
    later = later[later >= 0]
    return len(set(case.clips.subject[later[case.gated.is_served[later]]].tolist()))


@given(any_pools)
@settings(max_examples=40)
def test_terms_say_what_the_places_are(spec: Spec) -> None:
    case = _case(spec)
    found = case.found
    for at in range(found.n_places):
        term, is_new = TERMS[found.term[at]], found.place[at] >= 0
        assert is_new == (term not in (Term.REPEAT_OTHER, Term.REPEAT_OWN, Term.RELABEL))
        assert (found.reserved_for[at] >= 0) == (term is Term.REPEAT_OWN) == (found.pass_number[at] == 1)
        if term in (Term.AUDIT, Term.REPEAT_OTHER, Term.REPEAT_OWN):
            assert math.isnan(found.value[at])
        if term is Term.SECOND_OPINION:
            assert ROUTES[found.route[at]] is Route.SECOND_OPINION
            assert found.value[at] >= case.config.min_dissonance


# --- pools with enough of everything: then every rule holds, and every share ------------------------------------------


#: 120 people of two sessions each
ample_pools = st.builds(
    Spec,
    seed=st.integers(0, 2**32 - 1),
    n_clips=st.just(1500),
    n_answered=st.just(800),
    n_sessions=st.just(240),
    span_s=st.just(5000.0),
    n_composed=st.just(200),
    config=st.builds(
        AcquisitionConfig,
        batch_size=st.integers(8, 60),
        min_gap_s=st.sampled_from([0.0, 10.0, 40.0]),
        max_subject_share=st.sampled_from([0.13, 0.25, 1.0]),
        audit_share=st.sampled_from([0.1, 0.12, 0.15]),
        repeat_share=st.sampled_from([0.05, 0.07, 0.1]),
        second_opinion_share=st.sampled_from([0.05, 0.1]),
        diversity=st.sampled_from([0.0, 0.5]),
        min_dissonance=st.just(0.7),
        min_quality=st.just(0.1),
    ),
)


@given(ample_pools)
@settings(max_examples=10)
def test_with_clips_enough_gap_and_cap_hold_in_every_batch(spec: Spec) -> None:
    case = _case(spec)
    for where in _batches(case):
        rows, size = _rows(case, where), where.stop - where.start
        assert _n_near(rows, case.config.min_gap_s) == 0
        most = max(Counter(row.subject for row in rows).values())
        assert most <= max(1, case.config.max_subject_share * size)


@given(ample_pools)
@settings(max_examples=10)
def test_with_clips_enough_every_kind_gets_its_share(spec: Spec) -> None:
    case = _case(spec)
    config, terms = case.config, np.array([TERMS[code] for code in case.found.term])
    routes = np.array([ROUTES[code] for code in case.found.route])
    for where in _batches(case):
        so_far, size = terms[: where.stop], where.stop - where.start
        for kinds, share in (
            ((Term.AUDIT,), config.audit_share),
            ((Term.REPEAT_OTHER, Term.REPEAT_OWN), config.repeat_share),
            ((Term.SECOND_OPINION,), config.second_opinion_share),
        ):
            assert abs(np.isin(so_far, kinds).sum() - share * where.stop) <= 1.0
            assert np.isin(terms[where], kinds).sum() <= math.ceil(share * size) + (len(kinds) > 1)
        n_second = int((routes[where] == Route.SECOND_OPINION).sum())
        assert n_second == int((terms[where] == Term.SECOND_OPINION).sum())
        n_own, n_other = (int((so_far == term).sum()) for term in (Term.REPEAT_OWN, Term.REPEAT_OTHER))
        assert abs(n_own - n_other) <= 1


@given(ample_pools)
@settings(max_examples=10)
def test_with_clips_enough_the_audit_is_the_head_of_its_permutation(spec: Spec) -> None:
    """But for clips that something else bought before, and those that a rule sets back to a later batch."""
    case = _case(spec)
    keys = audit_keys(np.arange(case.clips.n_clips), seed=1)
    terms = np.array([TERMS[code] for code in case.found.term])
    bought = case.found.place[: case.n_composed]
    audit = bought[terms[: case.n_composed] == Term.AUDIT]
    reached = keys[audit].max()
    passed_over = set(np.flatnonzero((keys <= reached) & case.gated.is_served).tolist()) - set(bought.tolist())
    rows = [_row(case.clips, case.gated, int(place)) for place in audit]
    for place in passed_over:
        row = _row(case.clips, case.gated, place)
        assert any(row.subject == other.subject for other in rows)


@given(ample_pools)
@settings(max_examples=5)
def test_answers_are_asked_for_from_what_is_good(spec: Spec) -> None:
    case = _case(spec)
    for at in range(case.n_composed):
        place = int(case.found.place[at])
        if place >= 0:
            eeg, face = (case.clips.quality[name][place] >= case.config.min_quality for name in ("eeg", "face"))
            expected = Ask.BOTH if eeg and face else Ask.EEG if eeg else Ask.FACE
            assert ASKS[case.found.ask[at]] is expected
