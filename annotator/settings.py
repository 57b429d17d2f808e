"""Every setting, read from the environment; a value that can't be used stops the program with one sentence.

Importing this module starts nothing. Without DATABASE_URL and REDIS_URL the addresses are those of the embedded
servers under CONCORD_VAR, which `manage.py` starts where a command needs them (annotator/services.py).
"""

from __future__ import annotations

import os
import secrets
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from annotator import languages, services

BASE_DIR = Path(__file__).resolve().parent.parent

#: every variable that this file looked at; checks.py warns of a CONCORD_ variable that is not among them
ENVIRONMENT: set[str] = set()


def env(name: str, default: str = "") -> str:
    ENVIRONMENT.add(name)
    return os.environ.get(name, "").strip() or default


def env_flag(name: str, *, default: bool) -> bool:
    text = env(name, "1" if default else "0").lower()
    if text not in ("0", "1", "true", "false", "yes", "no"):
        raise ImproperlyConfigured(f"{name}={text!r}: expected 1 or 0.")
    return text in ("1", "true", "yes")


def env_int(name: str, default: int) -> int:
    text = env(name, str(default))
    if not text.isdecimal():
        raise ImproperlyConfigured(f"{name}={text!r}: expected a whole number.")
    return int(text)


def env_list(name: str, default: str = "") -> list[str]:
    return [part.strip() for part in env(name, default).split(",") if part.strip()]


def env_path(name: str, default: Path) -> Path:
    return Path(env(name, str(default))).expanduser().absolute()


def database(url: str) -> dict[str, Any]:
    """`postgresql://user:password@host:port/name?sslmode=…`; `?host=/folder` for a socket."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql") or len(parts.path) < 2:
        raise ImproperlyConfigured(
            f"DATABASE_URL={parts.scheme}://…: expected postgresql://user:password@host:port/name (Postgres is the "
            "only database)."
        )
    options: dict[str, Any] = dict(parse_qsl(parts.query))
    host = options.pop("host", None) or unquote(parts.hostname or "")
    timeouts = f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c lock_timeout={LOCK_TIMEOUT_MS}"
    if STATEMENT_TIMEOUT_MS:
        options.setdefault("options", timeouts)
    options.setdefault("connect_timeout", "10")
    # Django prepares nothing unless told a number; what is prepared are `domain.statements`, whose planning costs more
    # than running them. A pooler that changes connections between transactions may not know them: 0 turns it off.
    options["prepare_threshold"] = 5 if env_flag("CONCORD_PREPARED_STATEMENTS", default=True) else None
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path[1:]),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        # The web server's threads live as long as it does, so each keeps one connection: as many as there are
        # threads, and no pool's own threads that a forked worker would inherit broken.
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": options,
    }


def broker(url: str) -> str:
    schemes = ("redis", "rediss", "redis+socket")
    if urlsplit(url).scheme not in schemes:
        raise ImproperlyConfigured(f"REDIS_URL={urlsplit(url).scheme}://…: expected one of {', '.join(schemes)}://.")
    return url


def secret_key(path: Path) -> str:
    """Given, or made once and kept, readable by its owner only."""
    if given := env("CONCORD_SECRET_KEY"):
        if len(given) < 32:
            raise ImproperlyConfigured("CONCORD_SECRET_KEY is too short: expected at least 32 characters.")
        return given
    try:
        if not path.exists():
            _make_secret(path)
        return path.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"The secret key {path} can't be read or made ({error.strerror}): make its folder writable, "
            "or set CONCORD_SECRET_KEY or CONCORD_VAR."
        ) from error


def _make_secret(path: Path) -> None:
    """Written beside its place and linked there: of two programs that start at once, one wins and both read it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix="secret-") as fresh:  # mode 600
        fresh.write(secrets.token_urlsafe(48))
        fresh.flush()
        try:
            os.link(fresh.name, path)
        except FileExistsError:
            return


# --- places ----------------------------------------------------------------------------------------------------------

VAR = env_path("CONCORD_VAR", BASE_DIR / "var")
ORIGINALS_ROOT = env_path("CONCORD_ORIGINALS_ROOT", VAR / "originals")
DERIVED_ROOT = env_path("CONCORD_DERIVED_ROOT", VAR / "derived")
MODEL_ROOT = env_path("CONCORD_MODEL_ROOT", VAR / "models")
EXPORT_ROOT = env_path("CONCORD_EXPORT_ROOT", VAR / "exports")
UPLOAD_ROOT = env_path("CONCORD_UPLOAD_ROOT", VAR / "uploads")
#: folders of the server that the web page may import from, separated by commas
IMPORT_ROOTS = [Path(part).expanduser().absolute() for part in env_list("CONCORD_IMPORT_ROOTS", str(VAR / "import"))]

#: S3 prefixes that people may import from, "s3://bucket/prefix", separated by commas; empty: none
IMPORT_S3 = env_list("CONCORD_IMPORT_S3")
#: what an import fetches from S3 lies here until it has ended
SCRATCH_ROOT = env_path("CONCORD_SCRATCH_ROOT", VAR / "scratch")

# --- servers ---------------------------------------------------------------------------------------------------------

STATEMENT_TIMEOUT_MS = env_int("CONCORD_STATEMENT_TIMEOUT_MS", 60_000)
LOCK_TIMEOUT_MS = env_int("CONCORD_LOCK_TIMEOUT_MS", 20_000)
DATABASE_URL = env("DATABASE_URL")
REDIS_URL = broker(env("REDIS_URL", services.valkey_url(VAR)))
#: which of the two embedded servers are ours to run
EMBEDDED = services.Wanted(postgres=not DATABASE_URL, valkey=not env("REDIS_URL"))
DATABASES = {"default": database(DATABASE_URL or services.postgres_url(VAR))}

# --- Django ----------------------------------------------------------------------------------------------------------

DEBUG = env_flag("CONCORD_DEBUG", default=False)
SECRET_KEY = secret_key(VAR / "secret_key")
ALLOWED_HOSTS = env_list("CONCORD_ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "csp",
    "ninja",  # its documentation page then comes from here, not from a content network
    "annotator",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "annotator.urls"
WSGI_APPLICATION = "annotator.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
        },
    },
]
AUTH_USER_MODEL = "annotator.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "login"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
_VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": f"{_VALIDATION}.UserAttributeSimilarityValidator"},
    {"NAME": f"{_VALIDATION}.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": f"{_VALIDATION}.CommonPasswordValidator"},
    {"NAME": f"{_VALIDATION}.NumericPasswordValidator"},
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TIME_ZONE = env("CONCORD_TIME_ZONE", "UTC")
USE_TZ = True
USE_I18N = True
LANGUAGE_CODE = "en-gb"  # what the sources say; workers, commands and exports speak it whatever a browser wants
#: a folder a language, as `manage.py messages` makes them
LOCALE_PATHS = [env_path("CONCORD_LOCALE_ROOT", BASE_DIR / "annotator" / "locale")]
LANGUAGES = languages.installed(LOCALE_PATHS[0], LANGUAGE_CODE)
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"

# --- security --------------------------------------------------------------------------------------------------------

#: the site is reached by https, here or through a proxy that sets X-Forwarded-Proto
HTTPS = env_flag("CONCORD_HTTPS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = env_int("CONCORD_SESSION_S", 12 * 3600)
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = env_int("CONCORD_HSTS_S", 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env_flag("CONCORD_HSTS_SUBDOMAINS", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_TRUSTED_ORIGINS = env_list("CONCORD_TRUSTED_ORIGINS")
#: a page with a Plotly figure adds `style-src-attr 'unsafe-inline'` by csp_update; nothing adds inline script
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", "blob:"],
        "media-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 2000
#: one upload of recordings, unpacked
UPLOAD_MAX_BYTES = env_int("CONCORD_UPLOAD_MAX_MB", 20_000) * 2**20
#: an upload to which nothing was added for so long is thrown away
UPLOAD_KEEP_S = env_int("CONCORD_UPLOAD_KEEP_DAYS", 7) * 24 * 3600
#: uploads and fetches leave this much of the disk free
UPLOAD_KEEP_FREE_BYTES = env_int("CONCORD_UPLOAD_KEEP_FREE_MB", 1_000) * 2**20
#: one import from S3
IMPORT_S3_MAX_BYTES = env_int("CONCORD_IMPORT_S3_MAX_MB", 200_000) * 2**20
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

# --- files -----------------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = env_path("CONCORD_STATIC_ROOT", VAR / "static")
#: Plotly's script comes inside its package; looked up without importing it
_PLOTLY = find_spec("plotly")
_PLOTLY_FOLDERS = list(_PLOTLY.submodule_search_locations or ()) if _PLOTLY else []
#: the pages' scripts and styles in one file each (annotator/bundles.py)
BUNDLES_ROOT = env_path("CONCORD_BUNDLES_ROOT", VAR / "bundles")
STATICFILES_DIRS = [
    *(("plotly", str(Path(folder) / "package_data")) for folder in _PLOTLY_FOLDERS),
    *([("bundles", str(BUNDLES_ROOT))] if BUNDLES_ROOT.is_dir() else []),
]
WHITENOISE_USE_FINDERS = True  # serves from the packages: no collectstatic to run a clone
WHITENOISE_MAX_AGE = 60
#: their names change with what is in them, so a browser need not ask again
WHITENOISE_IMMUTABLE_FILE_TEST = rf"^{STATIC_URL}bundles/"
#: an S3 server other than Amazon's, "http://host:port", for originals and imports; keys as boto3 finds them
S3_ENDPOINT = env("CONCORD_S3_ENDPOINT")
#: where it is set, originals lie in this S3 bucket instead of on the local disk
ORIGINALS_BUCKET = env("CONCORD_ORIGINALS_BUCKET")
STORAGES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": UPLOAD_ROOT, "base_url": None},
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "originals": {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": ORIGINALS_BUCKET,
            "endpoint_url": S3_ENDPOINT or None,
            "file_overwrite": False,
            "default_acl": None,
        },
    }
    if ORIGINALS_BUCKET
    else {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": ORIGINALS_ROOT, "base_url": None, "file_permissions_mode": 0o440},
    },
}
#: behind nginx, a media answer sends no bytes but names its file in X-Accel-Redirect: this prefix, then the path below
#: DERIVED_ROOT
MEDIA_ACCEL_PREFIX = env("CONCORD_MEDIA_ACCEL_PREFIX")

# --- jobs ------------------------------------------------------------------------------------------------------------

#: threads that one worker process computes with; 0: as many as the libraries like
WORKER_THREADS = env_int("CONCORD_WORKER_THREADS", 0)
#: so many clips are ranked anew after each answer, and served before the round's own order
LIVE_HEAD_CLIPS = env_int("CONCORD_LIVE_HEAD_CLIPS", 100)
#: a round whose pool is larger than this has it scored in parts of so many clips, by whichever workers are free
SCORE_PART_CLIPS = env_int("CONCORD_SCORE_PART_CLIPS", 51_200)
#: clips that go through the networks at a time
SCORE_BATCH_CLIPS = env_int("CONCORD_SCORE_BATCH_CLIPS", 256)
JOB_HEARTBEAT_S = 2
JOB_STALE_S = 15
#: longer than any task, so that the broker never hands a running one to a second worker; a dead worker's job is sent
#: again by the sweep, which knows its heartbeat
LONGEST_TASK_S = 24 * 3600
#: put before every key in the broker, so that several copies of Concord may share one
BROKER_PREFIX = env("CONCORD_BROKER_PREFIX")
CELERY: dict[str, Any] = {
    "broker_url": REDIS_URL,
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
    "broker_transport_options": {
        "visibility_timeout": LONGEST_TASK_S,
        "socket_connect_timeout": 5,
        "socket_timeout": 30,
        "health_check_interval": 10,
        "global_keyprefix": BROKER_PREFIX,
    },
    "task_publish_retry_policy": {"max_retries": 2, "interval_start": 0.1, "interval_step": 0.2, "interval_max": 0.5},
    "task_ignore_result": True,  # Postgres holds what became of a job
    "task_serializer": "json",
    "accept_content": ["json"],
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "task_default_queue": "io",
    "task_routes": {
        "concord.import": {"queue": "io"},
        "concord.import_session": {"queue": "io"},
        "concord.export": {"queue": "io"},
        "concord.cold_start": {"queue": "io"},
        "concord.round": {"queue": "gpu"},
        "concord.score_part": {"queue": "gpu"},
        "concord.sweep": {"queue": "live"},
        "concord.live_update": {"queue": "live"},
        "concord.tidy": {"queue": "io"},
    },
    "worker_prefetch_multiplier": 1,
    "worker_cancel_long_running_tasks_on_connection_loss": False,  # the broker may die; the job goes on
    "worker_hijack_root_logger": False,
    "enable_utc": True,
    "beat_schedule_filename": str(VAR / "beat-schedule"),
    "beat_schedule": {
        "sweep": {"task": "concord.sweep", "schedule": 5.0, "options": {"queue": "live", "expires": 5}},
        "tidy": {"task": "concord.tidy", "schedule": 600.0, "options": {"queue": "io", "expires": 600}},
    },
}

# --- logging ---------------------------------------------------------------------------------------------------------

LOG_LEVEL = env("CONCORD_LOG_LEVEL", "INFO").upper()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname:<7} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "annotator": {"level": LOG_LEVEL},
        "worker": {"level": LOG_LEVEL},
        "celery": {"level": LOG_LEVEL},
        "django": {"handlers": ["console"], "level": "WARNING", "propagate": False},
    },
}
