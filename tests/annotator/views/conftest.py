"""Who looks at a page: everybody in the study "demo", and in another one."""

from __future__ import annotations

import pytest
from django.test import Client

from annotator.models import Study
from tests.factories.people import Personas, client_of, make_personas
from tests.factories.studies import make_study


@pytest.fixture
def study() -> Study:
    return make_study("demo")


@pytest.fixture
def personas(study: Study) -> Personas:
    return make_personas(study, make_study("other", n_subjects=2))


@pytest.fixture
def admin(personas: Personas) -> Client:
    return client_of(personas.admin)
