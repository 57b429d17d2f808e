"""Errors of the core: each message names the argument or file, what was expected and what was found."""


class ConcordError(ValueError):
    """Base of every error that mlcore raises on purpose."""


class RecordingError(ConcordError):
    """A file can't be read as what it claims to be."""


class LayoutError(ConcordError):
    """A folder or manifest does not follow the layout it was read as."""


class SyncError(ConcordError):
    """The clocks of a recording can't be related."""


class SignalError(ConcordError):
    """A signal can't be treated in the way that was asked for."""


class StoreError(ConcordError):
    """A clip store is damaged or does not fit what was asked of it."""


class TrainingError(ConcordError):
    """A round can't be trained on what it was given."""


class Cancelled(ConcordError):
    """The caller asked a long computation to stop."""
