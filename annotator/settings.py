from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "django.contrib.messages", "django.contrib.staticfiles", "ninja", "django_htmx", "annotator"]
AUTH_USER_MODEL = "annotator.User"
SECRET_KEY = "x"
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "concord"}}
USE_TZ = True
CELERY: dict[str, object] = {}
