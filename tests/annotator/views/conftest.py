"""Who looks at a page: everybody in the study "demo", and in another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:  # this file may be read before Django is set up
    from django.test import Client

    from annotator.models import Study
    from tests.factories.people import Personas


@pytest.fixture
def study() -> Study:
    from tests.factories.studies import make_study

    return make_study("demo")


@pytest.fixture
def personas(study: Study) -> Personas:
    from tests.factories.people import make_personas
    from tests.factories.studies import make_study

    return make_personas(study, make_study("other", n_subjects=2))


@pytest.fixture
def admin(personas: Personas) -> Client:
    from tests.factories.people import client_of

    return client_of(personas.admin)
