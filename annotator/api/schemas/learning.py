"""Rounds and exports."""

from datetime import datetime

from ninja import Schema

from annotator.api.schemas.base import Input, Json
from annotator.api.schemas.intake import JobOut
from annotator.enums import ExportFormat


class RoundOut(Schema):
    number: int
    state: str
    seed: int
    n_labels: int
    n_clips: int
    metrics: Json
    error: str
    is_promoted: bool
    created_at: datetime
    finished_at: datetime | None
    job: JobOut | None


class RoundDetailOut(RoundOut):
    config: Json
    code_version: str
    data_hash: str
    history: list[Json]
    model_sha256: str


class RoundIn(Input):
    config: Json | None = None


class ExportIn(Input):
    format: ExportFormat = ExportFormat.CSV
    with_history: bool = False


class ExportOut(Schema):
    id: int
    format: str
    rows: int | None
    sha256: str
    created_at: datetime
    job: JobOut
