"""The sentences of a page's scripts, where the page speaks another language than they do."""

from __future__ import annotations

from django import template
from django.conf import settings
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from annotator.languages import script_version

register = template.Library()


@register.simple_tag
def words_script() -> SafeString:
    """Nothing in the sources' language. Deferred, it still runs before the modules that stand after it."""
    language = get_language() or settings.LANGUAGE_CODE
    version = "" if language == settings.LANGUAGE_CODE else script_version(settings.LOCALE_PATHS[0], language)
    if not version:
        return SafeString("")
    return format_html('<script src="{}" defer></script>', reverse("words", args=[language, version]))
