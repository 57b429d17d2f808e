"""What a page says."""

from __future__ import annotations

import re
from http import HTTPStatus

from django.test import Client


def text_of(client: Client, address: str) -> str:
    """Its HTML, blanks and line breaks made one."""
    response = client.get(address)
    assert response.status_code == HTTPStatus.OK, address
    return plain(response.content.decode())


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", html)
