"""What schemas share."""

from typing import Any

from ninja import Schema
from pydantic import ConfigDict

#: scores and settings whose inner shape belongs to the round that made them
Json = dict[str, Any]


class Input(Schema):
    """A misspelt field is an error, not silence."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class ErrorOut(Schema):
    code: str
    message: str
