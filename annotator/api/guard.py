"""Ties an operation to its row of the access table, and loads the study, clip or session that its address names."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast
from uuid import UUID

from annotator.api.auth import ApiRequest
from annotator.domain.access import RULES, ObjectKind, Verb, clip_for, recording_for, require, study_for
from annotator.exceptions import NotFound
from annotator.models import Label, Study

Operation = TypeVar("Operation", bound=Callable[..., Any])


def guarded(kind: ObjectKind, verb: Verb) -> Callable[[Operation], Operation]:
    if (kind, verb) not in RULES:
        raise KeyError(f"guarded: {kind}, {verb} has no row in RULES")

    def decorate(operation: Operation) -> Operation:
        @wraps(operation)
        def checked(request: ApiRequest, *args: Any, **kwargs: Any) -> Any:
            _admit(request, kind, verb, kwargs)
            return operation(request, *args, **kwargs)

        checked.access = (kind, verb)  # type: ignore[attr-defined]  # read by the test of all addresses
        return cast("Operation", checked)

    return decorate


def _admit(request: ApiRequest, kind: ObjectKind, verb: Verb, kwargs: dict[str, Any]) -> None:
    if "slug" in kwargs:
        request.study = study_for(request.user, kwargs["slug"], verb, kind)
    elif "clip_id" in kwargs:
        request.clip = clip_for(request.user, kwargs["clip_id"], verb, kind)
        request.study = request.clip.study
    elif "session_id" in kwargs:
        request.recording = recording_for(request.user, kwargs["session_id"], verb, kind)
        request.study = request.recording.study
    elif "uuid" in kwargs:
        request.study = _study_of_own_label(request, kwargs["uuid"])
        require(request.user, verb, kind, request.study)
    else:
        require(request.user, verb, kind)


def _study_of_own_label(request: ApiRequest, uuid: UUID) -> Study:
    """Another's label is as good as none."""
    label = Label.objects.select_related("study").filter(uuid=uuid, annotator=request.user).first()
    if label is None:
        raise NotFound
    return label.study
