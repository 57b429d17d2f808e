"""What the views' requests carry: types only, filled in by middleware and by `domain.access.access`."""

from __future__ import annotations

from django.http import HttpRequest

from annotator.models import Study, User


class UserRequest(HttpRequest):
    user: User


class StudyRequest(UserRequest):
    study: Study
