"""Signed addresses of media, for one clip and one person, good for a day; the same all day, so that browsers cache."""

from __future__ import annotations

import time

from django.core.signing import Signer
from django.utils.crypto import constant_time_compare

from annotator.models import User

DAY_S = 86_400


def sign(clip_id: int, user: User, *, day: int | None = None) -> str:
    day = _today() if day is None else day
    return f"{day}.{Signer(salt='concord.media').signature(f'{clip_id}:{user.pk}:{day}')}"


def is_signed(text: str, clip_id: int, user: User) -> bool:
    day = text.split(".", 1)[0]
    if not day.isdecimal() or int(day) not in (_today(), _today() - 1):
        return False
    return constant_time_compare(text, sign(clip_id, user, day=int(day)))


def _today() -> int:
    return int(time.time()) // DAY_S
