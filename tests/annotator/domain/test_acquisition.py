"""A study's acquisition settings: typed or sent, each bad one is refused in a sentence with its name."""

from __future__ import annotations

from typing import Any

import pytest

from annotator.domain import acquisition, studies
from annotator.domain.acquisition import Acquisition, BadSetting
from annotator.enums import Role, VoteModel
from annotator.models import AuditEvent, Study
from mlcore.types import VALENCE3, AcquisitionConfig, StoppingConfig, Strategy
from tests.factories.people import make_member
from tests.factories.studies import make_study


def test_values_are_read_from_text_and_from_json_alike() -> None:
    typed = {
        "strategy": "badge",
        "is_gated": "no",
        "min_quality": " 0.25 ",
        "batch_size": "20",
        "min_gap_s": "0",
        "vote_model": "dawid_skene",
        "budget_minutes": "90",
        "n_stable": "5",
        "min_gain_per_hour": "0.002",
        "max_half_width": "0.05",
    }
    sent = {
        "strategy": Strategy.BADGE,
        "is_gated": False,
        "min_quality": 0.25,
        "batch_size": 20,
        "min_gap_s": 0,
        "vote_model": VoteModel.DAWID_SKENE,
        "budget_minutes": 90,
        "n_stable": 5,
        "min_gain_per_hour": 0.002,
        "max_half_width": 0.05,
    }
    expected = Acquisition(
        AcquisitionConfig(strategy=Strategy.BADGE, is_gated=False, min_quality=0.25, batch_size=20, min_gap_s=0.0),
        VoteModel.DAWID_SKENE,
        90,
        StoppingConfig(n_stable=5, min_gain_per_hour=0.002, max_half_width=0.05),
    )
    assert acquisition.changed(Acquisition(), typed) == acquisition.changed(Acquisition(), sent) == expected
    assert acquisition.changed(expected, {"budget_minutes": ""}).budget_minutes is None
    assert acquisition.changed(expected, {"max_half_width": ""}).stopping.max_half_width is None
    assert acquisition.changed(Acquisition(), expected.to_json()) == expected


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("min_quality", "1.5", "Expected 0..1, got 1.5."),
        ("min_quality", "0,5", "Expected a number, got '0,5'."),
        ("min_dissonance", float("nan"), "Expected a number, got nan."),
        ("diversity", True, "Expected a number, got True."),
        ("diversity", None, "Expected a number, got None."),
        ("min_gap_s", "inf", "Expected a number, got 'inf'."),
        ("min_gap_s", -1, "Expected 0 or more, got -1.0."),
        ("max_subject_share", "0", "Expected more than 0, got 0.0."),
        ("batch_size", "2.5", "Expected a whole number, got '2.5'."),
        ("batch_size", 0, "Expected 1..10000, got 0."),
        ("is_gated", "perhaps", "Expected yes or no, got 'perhaps'."),
        ("vote_model", "majority", "Expected one of shares, dawid_skene, got 'majority'."),
        ("budget_minutes", "-5", "Expected a whole number, got '-5'."),
        ("budget_minutes", 0, "Expected nothing, or 1..100000000 minutes, got 0."),
        ("min_kappa", "1", "Expected more than 0 and less than 1, got 1.0."),
        ("n_stable", "3.5", "Expected a whole number, got '3.5'."),
        ("n_stable", 21, "Expected 1..20, got 21."),
        ("min_gain", "1 %", "Expected a number, got '1 %'."),
        ("min_gain_per_hour", -1, "Expected 0 or more and less than 1, got -1.0."),
        ("max_half_width", "5", "Expected more than 0 and up to 0.5, got 5.0."),
    ],
)
def test_a_bad_value_is_refused_at_its_setting(name: str, value: Any, sentence: str) -> None:
    with pytest.raises(BadSetting) as refused:
        acquisition.changed(Acquisition(), {name: value})
    assert (refused.value.setting, refused.value.sentence) == (name, sentence)
    assert refused.value.message.startswith(f"{name}: ")


def test_an_unknown_setting_and_strategy_are_told_with_what_there_is() -> None:
    with pytest.raises(BadSetting, match="colour: there is no such setting: choose from strategy, is_gated, "):
        acquisition.changed(Acquisition(), {"colour": 1})
    with pytest.raises(BadSetting, match=r"strategy: expected one of random, entropy, .*, got 'best'\."):
        acquisition.changed(Acquisition(), {"strategy": "best"})


def test_shares_that_leave_nothing_are_refused_together() -> None:
    with pytest.raises(BadSetting) as refused:
        acquisition.changed(Acquisition(), {"audit_share": 0.5, "repeat_share": 0.4, "second_opinion_share": 0.1})
    assert (refused.value.setting, refused.value.sentence) == ("audit_share", str(acquisition.NO_ROOM))


@pytest.mark.django_db
class TestStudy:
    def test_a_study_stores_what_differs_and_who_changed_it(self) -> None:
        study = make_study(n_subjects=2)
        boss = make_member(study, "boss", Role.ADMIN)
        settings = acquisition.changed(Acquisition(), {"strategy": "margin", "budget_minutes": 60, "min_gain": 0.02})
        assert acquisition.set_acquisition(study, settings, actor=boss)
        stored = Study.objects.get(pk=study.pk)
        assert (stored.acquisition, stored.vote_model, stored.budget_minutes) == ({"strategy": "margin"}, "shares", 60)
        assert (stored.stopping, stored.stopping_config) == ({"min_gain": 0.02}, StoppingConfig(min_gain=0.02))
        assert acquisition.acquisition_of(stored) == acquisition.acquisition_of(study) == settings
        event = AuditEvent.objects.get(study=study, verb="set_acquisition")
        assert (event.actor, event.detail) == (boss, {"strategy": "margin", "budget_minutes": 60, "min_gain": 0.02})

    def test_setting_the_same_again_records_nothing(self) -> None:
        study = make_study(n_subjects=2)
        assert not acquisition.set_acquisition(study, Acquisition(), actor=None)
        assert not AuditEvent.objects.filter(verb="set_acquisition").exists()

    def test_a_new_study_has_the_default_or_what_was_asked_for(self) -> None:
        plain = studies.create_study(studies.StudySpec("plain", "Plain", (VALENCE3,)), actor=None)
        assert (plain.acquisition, plain.acquisition_config) == ({}, AcquisitionConfig())
        config = AcquisitionConfig(strategy=Strategy.TYPICLUST, min_gap_s=0.0)
        spec = studies.StudySpec("other", "Other", (VALENCE3,), acquisition=config)
        made = Study.objects.get(pk=studies.create_study(spec, actor=None).pk)
        assert (made.acquisition, made.acquisition_config) == ({"strategy": "typiclust", "min_gap_s": 0.0}, config)
