"""Every address of the site."""

from __future__ import annotations

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import set_language

from annotator.api import api
from annotator.domain.access import public
from annotator.views.health import healthz
from annotator.views.media import clip_video
from annotator.views.words import Words

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", public(healthz), name="healthz"),
    path("login/", public(LoginView.as_view(redirect_authenticated_user=True)), name="login"),
    path("logout/", public(LogoutView.as_view()), name="logout"),
    path("language/", public(set_language), name="set_language"),
    path("words/<str:language>/<str:version>.js", public(Words.as_view()), name="words"),
    path("api/v1/", api.urls),
    path("media/clips/<int:clip_id>/video", clip_video, name="clip_video"),
    path("", include("annotator.views.urls")),
]
