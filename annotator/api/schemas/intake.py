"""Imports, uploads, and the jobs behind long work."""

from datetime import datetime
from uuid import UUID

from ninja import Schema

from annotator.api.schemas.base import Input, Json


class ImportIn(Input):
    #: a folder or manifest inside one of the server's import folders, or an S3 prefix that it imports from
    source: str
    layout: str = "auto"


class UploadImportIn(Input):
    layout: str = "auto"


class UploadFileOut(Schema):
    url: str
    path: str
    size_bytes: int
    offset_bytes: int
    modified_ms: int


class UploadOut(Schema):
    id: UUID
    created_at: datetime
    url: str
    #: a tus 1.0 endpoint: POST creates a file
    files_url: str
    files: list[UploadFileOut]


class JobOut(Schema):
    id: int
    kind: str
    state: str
    progress: float
    activity: str
    seconds_left: float | None
    reason: str
    result: Json
