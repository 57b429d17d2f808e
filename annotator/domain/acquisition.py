"""By what rules a study's next clips are chosen, and from when on stopping is suggested.

Read from whatever was typed, checked, stored, recorded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotator.domain import audit
from annotator.enums import VoteModel
from annotator.exceptions import DomainError
from annotator.models import Study, User
from mlcore.types import AcquisitionConfig, JsonObject, StoppingConfig, Strategy

#: more minutes than a lab of fifty people works in twenty years
MAX_BUDGET = 100_000_000
#: settings beside those of the two configurations
VOTE_MODEL, BUDGET = "vote_model", "budget_minutes"
OF_CHOICE = tuple(one.name for one in fields(AcquisitionConfig))
OF_STOPPING = tuple(one.name for one in fields(StoppingConfig))
NAMES = (*OF_CHOICE, VOTE_MODEL, BUDGET, *OF_STOPPING)
#: what is said where parts of a batch leave no room for the strategy; told at each of these settings
SHARES = ("audit_share", "repeat_share", "second_opinion_share")
NO_ROOM = _("The shares for random clips, repeats and second opinions must leave something: together less than 1.")


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

    config: AcquisitionConfig = field(default_factory=AcquisitionConfig)
    vote_model: VoteModel = VoteModel.SHARES
    budget_minutes: int | None = None
    stopping: StoppingConfig = field(default_factory=StoppingConfig)

    def to_json(self) -> JsonObject:
        beside = {VOTE_MODEL: self.vote_model.value, BUDGET: self.budget_minutes}
        return {**self.config.to_json(), **beside, **self.stopping.to_json()}


def acquisition_of(study: Study) -> Acquisition:
    return Acquisition(
        study.acquisition_config, VoteModel(study.vote_model), study.budget_minutes, study.stopping_config
    )


def changed(known: Acquisition, changes: Mapping[str, Any]) -> Acquisition:
    """The settings with these values, as JSON, a form or a command line gives them. Raises BadSetting."""
    values = {name: _read(name, value) for name, value in changes.items()}
    chosen, stopping, beside = (
        {name: values[name] for name in names if name in values}
        for names in (OF_CHOICE, OF_STOPPING, (VOTE_MODEL, BUDGET))
    )
    try:
        return replace(
            known, config=replace(known.config, **chosen), stopping=replace(known.stopping, **stopping), **beside
        )
    except ValueError as error:
        raise _named(error) from error


def _named(error: ValueError) -> BadSetting:
    """mlcore names the setting first: "min_quality: expected 0..1, got 3"."""
    name, _, what = str(error).partition(": ")
    if name in NAMES:
        return BadSetting(name, f"{what}.")
    return BadSetting(SHARES[0], str(NO_ROOM))


@transaction.atomic
def set_acquisition(study: Study, settings: Acquisition, *, actor: User | None) -> bool:
    """Store them; the next ranking is made, and the next round judged, by them. False where nothing was different."""
    locked = Study.objects.select_for_update(no_key=True).get(pk=study.pk)
    before, after = acquisition_of(locked).to_json(), settings.to_json()
    different = {name: after[name] for name in NAMES if after[name] != before[name]}
    for row in (locked, study):
        row.acquisition, row.stopping = differing(settings.config), differing(settings.stopping)
        row.vote_model, row.budget_minutes = settings.vote_model, settings.budget_minutes
    if different:
        locked.save(update_fields=["acquisition", "vote_model", "budget_minutes", "stopping"])
        audit.record(actor, study, "set_acquisition", study, different)
    return bool(different)


def differing(config: AcquisitionConfig | StoppingConfig) -> JsonObject:
    """What a study stores: settings that are not the default, so that a better default reaches old studies."""
    default = type(config)().to_json()
    return {name: value for name, value in config.to_json().items() if value != default[name]}


# --- one value -------------------------------------------------------------------------------------------------------


def _read(name: str, value: Any) -> Any:
    """A value of a setting's own type, from its text if need be."""
    if name not in NAMES:
        raise BadSetting(name, gettext("there is no such setting: choose from {names}.").format(names=", ".join(NAMES)))
    text = value.strip() if isinstance(value, str) else value
    read: Callable[[Any], Any] = _READERS.get(name, _number)
    try:
        return read(text)
    except ValueError as error:
        raise BadSetting(name, gettext("{error}, got {value}.").format(error=error, value=repr(value))) from error


def _strategy(value: Any) -> Strategy:
    if value not in [one.value for one in Strategy]:
        raise ValueError(gettext("expected one of {known}").format(known=", ".join(Strategy)))
    return Strategy(value)


def _vote_model(value: Any) -> VoteModel:
    if value not in VoteModel.values:
        raise ValueError(gettext("expected one of {known}").format(known=", ".join(VoteModel.values)))
    return VoteModel(value)


def _flag(value: Any) -> bool:
    known = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    found = known.get(value.lower()) if isinstance(value, str) else value
    if not isinstance(found, bool):
        raise ValueError(gettext("expected yes or no"))
    return found


def _whole(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(gettext("expected a whole number"))
    return value


def _is_nothing(value: Any) -> bool:
    return value is None or value in ("", "none")


def _budget(value: Any) -> int | None:
    if _is_nothing(value):
        return None
    minutes = _whole(value)
    if not 1 <= minutes <= MAX_BUDGET:
        raise ValueError(gettext("expected nothing, or 1..{most} minutes").format(most=MAX_BUDGET))
    return minutes


def _number(value: Any) -> float:
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(gettext("expected a number"))
    return number


def _number_or_nothing(value: Any) -> float | None:
    return None if _is_nothing(value) else _number(value)


_READERS: dict[str, Callable[[Any], Any]] = {
    "strategy": _strategy,
    "is_gated": _flag,
    "batch_size": _whole,
    VOTE_MODEL: _vote_model,
    BUDGET: _budget,
    "n_stable": _whole,
    "max_half_width": _number_or_nothing,
}
