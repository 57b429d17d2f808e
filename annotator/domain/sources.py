"""What a person may name as the source of an import: folders and S3 prefixes that the operator has opened."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from django.conf import settings
from django.utils.translation import gettext

from annotator.exceptions import DomainError, NotAllowed

S3 = "s3://"
#: a folder or manifest on a disk, or "s3://bucket/prefix"
Source = Path | str


def on_the_server(text: str) -> Source:
    """The folder, manifest or prefix that `text` names, if people may import from there."""
    return s3_prefix(text) if is_remote(text) else server_folder(text)


def is_remote(source: Source) -> bool:
    return isinstance(source, str) and source.lower().startswith(S3)


def server_folder(text: str) -> Path:
    """The folder or manifest that `text` names, if it lies in one of IMPORT_ROOTS."""
    source = Path(text).expanduser().resolve()
    roots = [Path(root).resolve() for root in settings.IMPORT_ROOTS]
    if not any(source.is_relative_to(root) for root in roots):
        known = ", ".join(str(root) for root in roots) or gettext("none are set")
        raise NotAllowed(
            gettext(
                "{text} is outside the folders the server imports from ({known}). Ask its operator to add it."
            ).format(text=text, known=known)
        )
    if not source.exists():
        raise DomainError(
            gettext("{text}: no such file or folder on the server.").format(text=text), code="source_missing"
        )
    return source


def s3_prefix(text: str) -> str:
    """The prefix that `text` names, without a slash at its end, if it lies under one of IMPORT_S3."""
    prefix = S3 + text[len(S3) :].strip("/")
    parts = PurePosixPath(prefix[len(S3) :]).parts
    allowed = [S3 + root[len(S3) :].strip("/") for root in settings.IMPORT_S3]
    is_inside = any(prefix == root or prefix.startswith(f"{root}/") for root in allowed)
    if not is_inside or not parts or ".." in parts:
        known = ", ".join(allowed) or gettext("none are set")
        raise NotAllowed(
            gettext(
                "{text} is outside the S3 prefixes the server imports from ({known}). Ask its operator to add it."
            ).format(text=text, known=known)
        )
    return prefix
