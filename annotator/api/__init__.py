"""The API under /api/v1/: the same doors as the pages, for programs and for the label page."""

from ninja import NinjaAPI

from annotator.api import errors
from annotator.api.auth import BearerToken, SessionCookie
from annotator.api.routers import (
    account,
    calibration,
    eeg,
    intake,
    learning,
    marks,
    onboarding,
    quality,
    queue,
    studies,
    uploads,
)
from annotator.domain.access import ObjectKind, Verb, access

api = NinjaAPI(
    title="Concord",
    version="1",
    urls_namespace="api",
    auth=[BearerToken(), SessionCookie()],
    docs_decorator=access(ObjectKind.ACCOUNT, Verb.VIEW),
)
errors.install(api)
for _router in (
    studies.router,
    intake.router,
    uploads.router,
    queue.router,
    onboarding.router,
    eeg.router,
    marks.router,
    learning.router,
    quality.router,
    calibration.router,
    account.router,
):
    api.add_router("", _router)
