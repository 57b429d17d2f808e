"""Every strategy on every seed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlcore.simulate.loop.features import prepare
from mlcore.simulate.loop.given import Given
from mlcore.simulate.loop.material import Material
from mlcore.simulate.loop.model import FastModel, LoopModel
from mlcore.simulate.loop.plan import Plan
from mlcore.simulate.loop.run import Run, run_loop
from mlcore.simulate.loop.saved import SavedRuns, run_from_json, sign
from mlcore.simulate.loop.split import Split
from mlcore.simulate.loop.world import LoopOptions, World, make_world

#: told after each run: how many are done, and of how many
OnProgress = Callable[[int, int], None]
ModelMaker = Callable[[Material, Given, Split, int], Callable[[], LoopModel]]


@dataclass(frozen=True, slots=True)
class Setting:
    """What a loop runs on.

    Args:
        material: the clips.
        given: what the store's annotators said.
        options: how the loop goes.
        make_model: what learns; its name in `model`.
        model: decides, beside the code, whether kept runs count.
    """

    material: Material
    given: Given
    options: LoopOptions
    make_model: ModelMaker
    model: str = "fast"


def fast_maker(target: str) -> ModelMaker:
    """The fast model, its features prepared once a split."""

    def maker(material: Material, given: Given, split: Split, seed: int) -> Callable[[], LoopModel]:
        features = prepare(material, split)
        return lambda: FastModel(features, target, len(given.classes), seed)

    return maker


def run_seed(setting: Setting, plans: Sequence[Plan], *, seed: int, parts: Path | None) -> tuple[list[Run], float]:
    """Every strategy on one seed, and the score of the whole pool; what was kept in `parts` is taken up."""
    saved = (
        None
        if parts is None
        else SavedRuns(parts, sign(setting.material, setting.given, setting.options, setting.model))
    )
    kept = {plan.name: _read(saved, plan, seed) for plan in plans}
    full = None if saved is None else saved.read(f"{seed}-full")
    if full is not None and all(run is not None for run in kept.values()):
        return [run for run in kept.values() if run is not None], float(full["score"])
    world = make_world(setting.material, setting.given, setting.options, setting.make_model, seed=seed)
    score = world.full_score() if full is None else float(full["score"])
    if saved is not None and full is None:
        saved.write(f"{seed}-full", {"score": score})
    return [_run(world, plan, kept[plan.name], saved) for plan in plans], score


def _read(saved: SavedRuns | None, plan: Plan, seed: int) -> Run | None:
    item = None if saved is None else saved.read(f"{seed}-{plan.name}")
    return None if item is None else run_from_json(item)


def _run(world: World, plan: Plan, kept: Run | None, saved: SavedRuns | None) -> Run:
    run = kept or run_loop(world, plan)
    if saved is not None and kept is None:
        saved.write(f"{world.seed}-{plan.name}", run.to_json())
    return run


def run_seeds(
    setting: Setting,
    plans: Sequence[Plan],
    *,
    seeds: Iterable[int],
    parts: Path | None = None,
    on_progress: OnProgress = lambda n_done, n_seeds: None,
) -> tuple[dict[str, list[Run]], list[float]]:
    """Every strategy on every seed of one store: strategy -> runs, and each seed's score of the whole pool."""
    wanted, runs, full = list(seeds), {plan.name: list[Run]() for plan in plans}, list[float]()
    for n_done, seed in enumerate(wanted):
        on_progress(n_done, len(wanted))
        of_seed, score = run_seed(setting, plans, seed=seed, parts=parts)
        full.append(score)
        for run in of_seed:
            runs[run.strategy].append(run)
    on_progress(len(wanted), len(wanted))
    return runs, full
