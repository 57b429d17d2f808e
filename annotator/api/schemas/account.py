"""Tokens of programs."""

from datetime import datetime

from ninja import Field, Schema

from annotator.api.schemas.base import Input


class TokenOut(Schema):
    id: int
    name: str
    created_at: datetime
    last_used_at: datetime | None


class TokenIn(Input):
    name: str = Field(min_length=1, max_length=80)


class NewTokenOut(Schema):
    #: shown this once
    token: str
