from __future__ import annotations

import pytest

from mlcore.compare.ablation import TERMS, ablation_names, ablation_overrides
from mlcore.errors import TrainingError
from mlcore.train.config import LossWeights, RoundConfig


def weights(name: str) -> LossWeights:
    return RoundConfig.from_json(ablation_overrides(name) or {}).weights


def test_each_term_stands_alone_and_is_left_out_once() -> None:
    names = ablation_names()
    assert len(names) == len(set(names)) == 2 + 2 * len(TERMS)
    on = {name: {term for term in TERMS if getattr(weights(name), term) > 0} for name in names}
    assert on["concord[all]"] == set(TERMS)
    assert on["concord[none]"] == set()
    for term in TERMS:
        assert on[f"concord[only={term}]"] == {term}
        assert on[f"concord[without={term}]"] == set(TERMS) - {term}


def test_what_is_on_keeps_its_default_weight() -> None:
    default = LossWeights()
    assert weights("concord[all]") == default
    one = weights("concord[without=distillation]")
    assert (one.similarity, one.task, one.task_kl, one.diversity) == (
        default.similarity,
        default.task,
        default.task_kl,
        default.diversity,
    )


def test_other_names_are_no_settings() -> None:
    assert ablation_overrides("concord") is None
    assert ablation_overrides("eegnet") is None


@pytest.mark.parametrize(
    "name", ["concord[without=charm]", "concord[only]", "concord[all=similarity]", "concord[", "concord[without=]x"]
)
def test_settings_that_do_not_exist_are_refused(name: str) -> None:
    with pytest.raises(TrainingError, match=r"the settings of concord are concord\[all\]"):
        ablation_overrides(name)
