"""Errors that a person is told about: one clear sentence and a stable code."""

from django.utils.translation import gettext


class DomainError(Exception):
    """Something the caller asked for can't be done; nothing was changed."""

    def __init__(self, message: str, code: str = "invalid") -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class NotAllowed(DomainError):
    """The caller may not do this; views and the API answer 403."""

    def __init__(self, message: str = "", code: str = "forbidden") -> None:
        super().__init__(message or gettext("You may not do this."), code)


class NotFound(DomainError):
    """No such object, or none the caller may know of; views and the API answer 404."""

    def __init__(self, message: str = "", code: str = "not_found") -> None:
        super().__init__(message or gettext("There is nothing here."), code)


class Conflict(DomainError):
    """The state of the object forbids it now; the API answers 409."""

    def __init__(self, message: str, code: str = "conflict") -> None:
        super().__init__(message, code)
