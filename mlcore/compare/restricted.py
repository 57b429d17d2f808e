"""A method that is given one modality of the store and no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from mlcore.compare.contract import Fitted, Method, Task


def restricted(method: Method, name: str, *, only: str) -> Method:
    """The method under another name, learning from one modality alone and reading no other."""

    def narrow(task: Task) -> Task:
        return replace(task, modalities=(only,), infer=(only,))

    def refuses(task: Task) -> str | None:
        if only in task.modalities and only in task.infer:
            return method.refuses(narrow(task))
        offered = ", ".join(one for one in task.modalities if one in task.infer) or "none"
        return f"{name} reads {only}: the modalities that may be read are {offered}"

    def fit(task: Task, should_stop: Callable[[], bool]) -> Fitted:
        return method.fit(narrow(task), should_stop)

    return Method(name, f"{method.summary}; {only} alone", refuses, fit, method.settings)
