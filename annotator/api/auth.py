"""Who asks: the session cookie of a page (with its CSRF token), or a bearer token of a program."""

from django.http import HttpRequest
from django.utils.translation import gettext
from ninja.errors import HttpError
from ninja.security import APIKeyCookie, HttpBearer

from annotator.domain import people
from annotator.models import RecordingSession, Study, User
from annotator.models.clip import Clip


class ApiRequest(HttpRequest):
    """What an operation finds: `api.guard.guarded` fills in study, clip and recording where the address names one."""

    user: User
    auth: User
    study: Study
    clip: Clip
    recording: RecordingSession


class BearerToken(HttpBearer):
    def authenticate(self, request: HttpRequest, token: str) -> User | None:
        user = people.user_of_token(token.strip())
        if user is not None:
            request.user = user
            request.by_token = True  # type: ignore[attr-defined]  # read by `is_by_token`
        return user

    def __call__(self, request: HttpRequest) -> User | None:
        found: User | None = super().__call__(request)
        if found is None and "Authorization" in request.headers:
            raise HttpError(401, gettext("That API token is not valid: make a new one on your account page."))
        return found


class SessionCookie(APIKeyCookie):
    param_name = "sessionid"

    def authenticate(self, request: HttpRequest, key: str | None) -> User | None:
        return request.user if isinstance(request.user, User) and request.user.is_authenticated else None


def is_by_token(request: HttpRequest) -> bool:
    return getattr(request, "by_token", False)
