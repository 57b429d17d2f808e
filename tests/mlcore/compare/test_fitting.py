"""The training loop: the best epoch's weights, patience, seeds and stopping."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from mlcore.compare.fitting import Examples, FitSettings, Outcome, answers, fit_net
from mlcore.compare.seeding import seeded
from mlcore.errors import Cancelled, TrainingError
from tests.mlcore.compare.tasks import never


def _examples(n: int) -> Examples:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(n, 3, generator=generator)
    return Examples((x,), x.sum(1, keepdim=True), torch.ones(n))


def _error(net: nn.Module, examples: Examples, epoch: int) -> Tensor:
    return _judge(net(*examples.inputs), examples)


def _judge(said: Tensor, examples: Examples) -> Tensor:
    return (said - examples.y).pow(2).mean()


def _fit(net: nn.Module, judge: Examples, settings: FitSettings) -> Outcome:
    return fit_net(net, _examples(20), judge, objective=_error, validation=_judge, settings=settings, should_stop=never)


def test_it_learns_until_the_epochs_are_over() -> None:
    with seeded(0, torch.device("cpu")):
        net = nn.Linear(3, 1)
        outcome = _fit(net, _examples(8), FitSettings(n_epochs=60, learning_rate=0.1))
    assert (outcome.n_epochs, net.training) == (60, False)
    assert outcome.validation_loss is not None
    assert outcome.validation_loss < 0.01


def test_the_best_epochs_weights_come_back() -> None:
    """Validation wants the opposite of what training does: the first epoch is best, patience ends the rest."""
    examples = _examples(8)
    against = Examples(examples.inputs, -examples.y, examples.weights)
    with seeded(0, torch.device("cpu")):
        net = nn.Linear(3, 1)
        outcome = _fit(net, against, FitSettings(n_epochs=60, patience=4, learning_rate=0.1))
    assert (outcome.n_epochs, outcome.best_epoch) == (5, 1)
    assert float(_judge(answers(net, against.inputs), against)) == outcome.validation_loss


def test_without_validation_the_last_epoch_counts() -> None:
    with seeded(0, torch.device("cpu")):
        net = nn.Linear(3, 1)
        outcome = _fit(net, _examples(8)[:0], FitSettings(n_epochs=7, patience=3))
    assert outcome == Outcome(7, 7, None)


def test_a_loss_that_is_lost_is_said() -> None:
    with pytest.raises(TrainingError, match=r"Linear: the loss became (nan|inf) in epoch 1"):
        _fit(nn.Linear(3, 1), _examples(8), FitSettings(learning_rate=float("inf"), batch_size=4))


def test_it_stops_between_batches() -> None:
    asked: list[int] = []

    def after_two() -> bool:
        asked.append(1)
        return len(asked) > 2

    with pytest.raises(Cancelled):
        fit_net(
            nn.Linear(3, 1),
            _examples(20),
            _examples(4),
            objective=_error,
            validation=_judge,
            settings=FitSettings(batch_size=5),
            should_stop=after_two,
        )
    assert len(asked) == 3


def test_a_seed_decides_what_is_drawn_and_gives_the_generator_back() -> None:
    before = torch.get_rng_state()
    with seeded(3, torch.device("cpu")):
        first = torch.rand(2)
    assert torch.equal(torch.get_rng_state(), before)
    with seeded(3, torch.device("cpu")):
        assert torch.equal(torch.rand(2), first)
    with seeded(4, torch.device("cpu")):
        assert not torch.equal(torch.rand(2), first)
