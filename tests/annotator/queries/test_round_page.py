from __future__ import annotations

from annotator.domain.stages import StageName
from annotator.models import Round
from annotator.queries.round_page import StageRow, VoiceRow, how_it_learnt
from mlcore.types import JsonObject

#: as a database gives it back: the keys in another order than they were trained in
STAGES = {
    "student": {"n_epochs": 2, "best_epoch": 1, "validation_loss": 0.9},
    "teacher": {"n_epochs": 1, "best_epoch": 1, "validation_loss": 0.8},
    "student 2": {"n_epochs": 2, "best_epoch": 2, "validation_loss": 0.7},
    "teacher 2": {"n_epochs": 1, "best_epoch": 1, "validation_loss": None},
}
TRAINED = ("teacher", "student", "student", "teacher 2", "student 2", "student 2")


def published(validation: JsonObject, stages: JsonObject, *trained: str, **fields: JsonObject) -> Round:
    metrics = {"stages": stages, "validation": validation}
    return Round(metrics=metrics, history=[{"stage": stage, "epoch": 1, "loss": 1.0} for stage in trained], **fields)


def test_a_committees_stages_stand_in_the_order_in_which_they_were_trained() -> None:
    folds = [{"by": "none", "n_train": 9, "n_validation": 0}, {"by": "trial", "n_train": 6, "n_validation": 3}]
    learnt = how_it_learnt(published({"by": "none", "folds": folds}, STAGES, *TRAINED))
    assert learnt is not None
    assert (learnt.n_networks, learnt.held_back) == (2, "whole trials")
    assert learnt.stages == (
        StageRow(StageName("teacher", 1), 9, 0, 1, 1, 0.8),
        StageRow(StageName("student", 1), 9, 0, 2, 1, 0.9),
        StageRow(StageName("teacher", 2), 6, 3, 1, 1, None),
        StageRow(StageName("student", 2), 6, 3, 2, 2, 0.7),
    )


def test_pools_and_trust_become_rows() -> None:
    pools = {
        "valence": {"alone": {"face": [0.5, 0.25], "eeg": [1.0, 0.0]}, "together": {"eeg": 0.5, "face": 0.75}},
        "arousal": {"alone": {"eeg": [0.5, 0.0]}, "together": {}},
    }
    validation = {"by": "subject", "n_train": 8, "n_validation": 2, "trust": {"face": 1.0, "eeg": 0.5}, "pools": pools}
    learnt = how_it_learnt(published(validation, STAGES, "teacher", "student"))
    assert learnt is not None
    assert (learnt.held_back, learnt.trust, learnt.has_linear_model) == (
        "whole subjects",
        (("eeg", 0.5), ("face", 1.0)),
        True,
    )
    assert learnt.voices == (
        VoiceRow("arousal", "eeg", 0.5, 0.0, None),
        VoiceRow("valence", "eeg", 1.0, 0.0, 0.5),
        VoiceRow("valence", "face", 0.5, 0.25, 0.75),
    )


def test_coefficients_that_the_round_did_not_use_are_not_shown() -> None:
    pools = {"valence": {"alone": {"eeg": [1.0, 0.0]}, "together": {}}}
    round_ = published({"by": "none", "pools": pools}, STAGES, "teacher", config={"pool": "discounted"})
    learnt = how_it_learnt(round_)
    assert learnt is not None
    assert learnt.voices == ()


def test_a_round_of_the_version_before_has_one_network_and_no_pools() -> None:
    validation = {"by": "subject", "n_train": 8, "n_validation": 2, "trust": {"eeg": 1.0}}
    learnt = how_it_learnt(published(validation, {"student": STAGES["student"]}, "student"))
    assert learnt is not None
    assert (learnt.n_networks, learnt.voices) == (1, ())
    assert learnt.stages == (StageRow(StageName("student"), 8, 2, 2, 1, 0.9),)


def test_before_it_is_published_a_round_says_nothing() -> None:
    assert how_it_learnt(Round(metrics={}, history=[{"stage": "teacher", "epoch": 1, "loss": 1.0}])) is None
