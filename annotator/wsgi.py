"""The web server's entry point, served by gunicorn's threads.

WSGI rather than ASGI: ranged video goes out as files, and a claim on two cores is answered about twice as often.
"""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotator.settings")
application = get_wsgi_application()
