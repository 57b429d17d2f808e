"""Who may do what: one table of object × verb → roles, and the decorator that ties every address to a row of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase

from annotator.domain.statements import Columns, fetch_one
from annotator.enums import Role
from annotator.exceptions import NotAllowed, NotFound
from annotator.models import Clip, Membership, RecordingSession, Study, User

View = TypeVar("View", bound=Callable[..., Any])


class ObjectKind(StrEnum):
    ACCOUNT = "account"
    STUDY = "study"
    MEMBER = "member"
    SESSION = "session"
    CLIP = "clip"
    MEDIA = "media"
    LABEL = "label"
    #: channels and stretches of a session that people mark
    MARK = "mark"
    #: the quality list and what people say of its clips
    QUALITY = "quality"
    #: by what rules a study's clips are chosen
    ACQUISITION = "acquisition"
    #: what an admin sets up for newcomers
    ONBOARDING = "onboarding"
    #: one's own way through it
    FIRST_HOUR = "first_hour"
    ROUND = "round"
    EXPORT = "export"


class Verb(StrEnum):
    LIST = "list"
    VIEW = "view"
    CREATE = "create"
    EDIT = "edit"
    MANAGE = "manage"
    IMPORT = "import"
    LABEL = "label"
    LAUNCH = "launch"
    CANCEL = "cancel"
    PROMOTE = "promote"
    DOWNLOAD = "download"
    DELETE = "delete"


Rule = tuple[ObjectKind, Verb]

ANYBODY = frozenset(Role)
ANNOTATING = frozenset({Role.ADMIN, Role.ANNOTATOR})
READING = frozenset({Role.ADMIN, Role.RESEARCHER})
ADMINS = frozenset({Role.ADMIN})
#: no role brings it: superusers only
NO_ROLE: frozenset[Role] = frozenset()

#: The one table. Rows without a study (accounts, the list of studies) are open to whoever is logged in, unless no
#: role may. Annotators reach a clip and its media only where it was served to them, whatever this table says.
RULES: dict[Rule, frozenset[Role]] = {
    (ObjectKind.ACCOUNT, Verb.VIEW): ANYBODY,
    (ObjectKind.ACCOUNT, Verb.EDIT): ANYBODY,
    (ObjectKind.STUDY, Verb.LIST): ANYBODY,
    (ObjectKind.STUDY, Verb.VIEW): ANYBODY,
    (ObjectKind.STUDY, Verb.CREATE): NO_ROLE,
    (ObjectKind.STUDY, Verb.EDIT): ADMINS,
    (ObjectKind.MEMBER, Verb.LIST): ADMINS,
    (ObjectKind.MEMBER, Verb.MANAGE): ADMINS,
    (ObjectKind.SESSION, Verb.LIST): READING,
    (ObjectKind.SESSION, Verb.VIEW): READING,
    (ObjectKind.SESSION, Verb.EDIT): ADMINS,
    (ObjectKind.SESSION, Verb.IMPORT): ADMINS,
    (ObjectKind.SESSION, Verb.DELETE): ADMINS,
    (ObjectKind.CLIP, Verb.VIEW): ANYBODY,
    (ObjectKind.CLIP, Verb.LABEL): ANNOTATING,
    (ObjectKind.MEDIA, Verb.VIEW): ANYBODY,
    (ObjectKind.LABEL, Verb.EDIT): ANNOTATING,
    (ObjectKind.MARK, Verb.VIEW): ANYBODY,
    (ObjectKind.MARK, Verb.EDIT): ANNOTATING,
    (ObjectKind.QUALITY, Verb.LIST): READING,
    (ObjectKind.QUALITY, Verb.EDIT): ADMINS,
    (ObjectKind.ACQUISITION, Verb.VIEW): READING,
    (ObjectKind.ACQUISITION, Verb.EDIT): ADMINS,
    (ObjectKind.ONBOARDING, Verb.VIEW): ADMINS,
    (ObjectKind.ONBOARDING, Verb.EDIT): ADMINS,
    (ObjectKind.FIRST_HOUR, Verb.VIEW): ANNOTATING,
    (ObjectKind.FIRST_HOUR, Verb.EDIT): ANNOTATING,
    (ObjectKind.ROUND, Verb.LIST): READING,
    (ObjectKind.ROUND, Verb.VIEW): READING,
    (ObjectKind.ROUND, Verb.LAUNCH): ADMINS,
    (ObjectKind.ROUND, Verb.CANCEL): ADMINS,
    (ObjectKind.ROUND, Verb.PROMOTE): ADMINS,
    (ObjectKind.EXPORT, Verb.LIST): READING,
    (ObjectKind.EXPORT, Verb.CREATE): READING,
    (ObjectKind.EXPORT, Verb.DOWNLOAD): READING,
}


_CLIP, _STUDY = Columns(Clip, "clip"), Columns(Study, "study")
# the clip, its study, and the roles of who asks
_CLIP_AND_ROLES = f"""
SELECT {_CLIP.sql}, {_STUDY.sql},
       ARRAY(SELECT role FROM annotator_membership
             WHERE study_id = study.id AND user_id = %(user)s AND ended_at IS NULL)
FROM annotator_clip clip
JOIN annotator_study study ON study.id = clip.study_id
WHERE clip.id = %(clip)s
"""  # noqa: S608  # put together from names of columns only


def roles_of(user: User | AnonymousUser, study: Study) -> frozenset[Role]:
    """The roles of `user` in this study; a superuser counts as its admin."""
    if not isinstance(user, User):
        return frozenset()
    return _roles(user, Membership.objects.filter(user=user, study=study).values_list("role", flat=True))


def _roles(user: User | AnonymousUser, held: Iterable[str]) -> frozenset[Role]:
    if not isinstance(user, User) or not user.is_active:
        return frozenset()
    roles = frozenset(Role(role) for role in held)
    return roles | ADMINS if user.is_superuser else roles


def may(user: User | AnonymousUser, verb: Verb, kind: ObjectKind, study: Study | None = None) -> bool:
    if not isinstance(user, User) or not user.is_active:
        return False
    if user.is_superuser:
        return True
    allowed = RULES[kind, verb]
    return bool(allowed) if study is None else bool(allowed & roles_of(user, study))


def require(user: User | AnonymousUser, verb: Verb, kind: ObjectKind, study: Study | None = None) -> None:
    """Raises NotFound for somebody outside the study (nothing of it is known to them), NotAllowed for a member."""
    if study is None:
        if not may(user, verb, kind):
            raise NotAllowed
        return
    _require_one_of(roles_of(user, study), verb, kind)


def _require_one_of(roles: frozenset[Role], verb: Verb, kind: ObjectKind) -> None:
    if not roles:
        raise NotFound
    if not roles & RULES[kind, verb]:
        raise NotAllowed


def study_for(user: User | AnonymousUser, slug: str, verb: Verb, kind: ObjectKind) -> Study:
    """The study behind an address, if this person may do that there."""
    study = Study.objects.filter(slug=slug).first()
    if study is None:
        raise NotFound
    require(user, verb, kind, study)
    return study


def clip_for(user: User | AnonymousUser, clip_id: int, verb: Verb, kind: ObjectKind) -> Clip:
    """The clip behind an address, if this person may do that in its study."""
    row = fetch_one(_CLIP_AND_ROLES, {"clip": clip_id, "user": user.pk})
    if row is None:
        raise NotFound
    clip, row = _CLIP.read(row)
    clip.study, row = _STUDY.read(row)
    _require_one_of(_roles(user, row[0]), verb, kind)
    return clip


def recording_for(user: User | AnonymousUser, session_id: int, verb: Verb, kind: ObjectKind) -> RecordingSession:
    """The recording session behind an address, if this person may do that in its study."""
    recording = RecordingSession.objects.select_related("study").filter(pk=session_id).first()
    if recording is None:
        raise NotFound
    require(user, verb, kind, recording.study)
    return recording


def is_only_annotator(user: User, study: Study) -> bool:
    """True for those who may see a clip only because it was served to them."""
    return not (roles_of(user, study) & READING)


def access(kind: ObjectKind, verb: Verb, *, post: Verb | None = None) -> Callable[[View], View]:
    """For HTML views: ties the view to its row, sends strangers to the login page, sets `request.study` for a
    `slug` and `request.clip` for a `clip_id`.

    `post` names the verb that a POST to the same address needs.
    """
    rules = [(kind, verb)] if post is None else [(kind, verb), (kind, post)]
    unknown = [rule for rule in rules if rule not in RULES]
    if unknown:
        raise KeyError(f"access: {unknown[0]} has no row in RULES")

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return redirect_to_login(request.get_full_path())
            wanted = post if post is not None and request.method == "POST" else verb
            _admit(request, kind, wanted, kwargs)
            return cast("HttpResponseBase", view(request, *args, **kwargs))

        guarded.access = (kind, verb)  # type: ignore[attr-defined]  # read by the test of all addresses
        guarded.access_post = (kind, post or verb)  # type: ignore[attr-defined]  # the same for POST
        return cast("View", guarded)

    return decorate


def _admit(request: HttpRequest, kind: ObjectKind, verb: Verb, kwargs: dict[str, Any]) -> None:
    try:
        if "slug" in kwargs:
            request.study = study_for(request.user, kwargs["slug"], verb, kind)  # type: ignore[attr-defined]  # see StudyRequest
        elif "clip_id" in kwargs:
            request.clip = clip_for(request.user, kwargs["clip_id"], verb, kind)  # type: ignore[attr-defined]  # see ClipRequest
        else:
            require(request.user, verb, kind)
    except NotFound as error:
        raise Http404(error.message) from error
    except NotAllowed as error:
        raise PermissionDenied(error.message) from error


def public(view: View) -> View:
    """Marks an address that anybody may reach without logging in."""
    view.access = None  # type: ignore[attr-defined]  # read by the test of all addresses
    return view
