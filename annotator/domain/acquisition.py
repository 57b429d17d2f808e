"""By what rules a study's next clips are chosen: read from whatever was typed, checked, stored, recorded."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from django.db import transaction

from annotator.domain import audit
from annotator.enums import VoteModel
from annotator.exceptions import DomainError
from annotator.models import Study, User
from mlcore.types import AcquisitionConfig, JsonObject, Strategy

#: more minutes than a lab of fifty people works in twenty years
MAX_BUDGET = 100_000_000
#: settings beside those of AcquisitionConfig
VOTE_MODEL, BUDGET = "vote_model", "budget_minutes"
DEFAULTS = AcquisitionConfig()
NAMES = (*(one.name for one in fields(AcquisitionConfig)), VOTE_MODEL, BUDGET)
#: what is said where parts of a batch leave no room for the strategy; told at each of these settings
SHARES = ("audit_share", "repeat_share", "second_opinion_share")
NO_ROOM = "The shares for random clips, repeats and second opinions must leave something: together less than 1."


class BadSetting(DomainError):
    """A setting that can't be; `setting` is its name, so that a form can say it there."""

    def __init__(self, setting: str, message: str) -> None:
        super().__init__(f"{setting}: {message}", "bad_setting")
        self.setting = setting
        #: the sentence without the name
        self.sentence = message[:1].upper() + message[1:]


@dataclass(frozen=True, slots=True)
class Acquisition:
    """All of a study's settings of this sort."""

    config: AcquisitionConfig = DEFAULTS
    vote_model: VoteModel = VoteModel.SHARES
    budget_minutes: int | None = None

    def to_json(self) -> JsonObject:
        return {**self.config.to_json(), VOTE_MODEL: self.vote_model.value, BUDGET: self.budget_minutes}


def acquisition_of(study: Study) -> Acquisition:
    return Acquisition(study.acquisition_config, VoteModel(study.vote_model), study.budget_minutes)


def changed(known: Acquisition, changes: Mapping[str, Any]) -> Acquisition:
    """The settings with these values, as JSON, a form or a command line gives them. Raises BadSetting."""
    values = {name: _read(name, value) for name, value in changes.items()}
    beside = {name: values.pop(name) for name in (VOTE_MODEL, BUDGET) if name in values}
    try:
        return replace(known, config=replace(known.config, **values), **beside)
    except ValueError as error:
        raise _named(error) from error


def _named(error: ValueError) -> BadSetting:
    """mlcore names the setting first: "min_quality: expected 0..1, got 3"."""
    name, _, what = str(error).partition(": ")
    if name in NAMES:
        return BadSetting(name, f"{what}.")
    return BadSetting(SHARES[0], NO_ROOM)


@transaction.atomic
def set_acquisition(study: Study, settings: Acquisition, *, actor: User | None) -> bool:
    """Store them; the next ranking is made by them. False where nothing was different."""
    locked = Study.objects.select_for_update(no_key=True).get(pk=study.pk)
    before, after = acquisition_of(locked).to_json(), settings.to_json()
    different = {name: after[name] for name in NAMES if after[name] != before[name]}
    for row in (locked, study):
        row.acquisition = differing(settings.config)
        row.vote_model, row.budget_minutes = settings.vote_model, settings.budget_minutes
    if different:
        locked.save(update_fields=["acquisition", "vote_model", "budget_minutes"])
        audit.record(actor, study, "set_acquisition", study, different)
    return bool(different)


def differing(config: AcquisitionConfig) -> JsonObject:
    """What a study stores: settings that are not the default, so that a better default reaches old studies."""
    default = DEFAULTS.to_json()
    return {name: value for name, value in config.to_json().items() if value != default[name]}


# --- one value -------------------------------------------------------------------------------------------------------


def _read(name: str, value: Any) -> Any:
    """A value of a setting's own type, from its text if need be."""
    if name not in NAMES:
        raise BadSetting(name, f"there is no such setting: choose from {', '.join(NAMES)}.")
    text = value.strip() if isinstance(value, str) else value
    read: Callable[[Any], Any] = _READERS.get(name, _number)
    try:
        return read(text)
    except ValueError as error:
        raise BadSetting(name, f"{error}, got {value!r}.") from error


def _strategy(value: Any) -> Strategy:
    if value not in [one.value for one in Strategy]:
        raise ValueError(f"expected one of {', '.join(Strategy)}")
    return Strategy(value)


def _vote_model(value: Any) -> VoteModel:
    if value not in VoteModel.values:
        raise ValueError(f"expected one of {', '.join(VoteModel.values)}")
    return VoteModel(value)


def _flag(value: Any) -> bool:
    known = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    found = known.get(value.lower()) if isinstance(value, str) else value
    if not isinstance(found, bool):
        raise ValueError("expected yes or no")
    return found


def _whole(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("expected a whole number")
    return value


def _budget(value: Any) -> int | None:
    if value is None or value in ("", "none"):
        return None
    minutes = _whole(value)
    if not 1 <= minutes <= MAX_BUDGET:
        raise ValueError(f"expected nothing, or 1..{MAX_BUDGET} minutes")
    return minutes


def _number(value: Any) -> float:
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError("expected a number")
    return number


_READERS: dict[str, Callable[[Any], Any]] = {
    "strategy": _strategy,
    "is_gated": _flag,
    "batch_size": _whole,
    VOTE_MODEL: _vote_model,
    BUDGET: _budget,
}
