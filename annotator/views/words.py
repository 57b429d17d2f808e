"""What scripts say in another language than their sources': a script that stands on a page before them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.views.i18n import JavaScriptCatalog

from annotator.languages import script_version

#: the address names the sentences, so what it answers never changes
FOR_GOOD = "public, max-age=31536000, immutable"


class Words(JavaScriptCatalog):
    """Named by language and version; a page that outlived its version gets the sentences of now, unkept."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        language, version = kwargs["language"], kwargs["version"]
        if language not in dict(settings.LANGUAGES):
            raise Http404
        with translation.override(language):
            response = super().get(request)
        is_current = version == script_version(settings.LOCALE_PATHS[0], language)
        response.headers["Cache-Control"] = FOR_GOOD if is_current else "no-store"
        response.headers["Content-Language"] = language
        return response
