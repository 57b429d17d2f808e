"""One's own API tokens."""

from typing import Any

from django.db.models import QuerySet
from ninja import Router, Status

from annotator.api import schemas
from annotator.api.auth import ApiRequest
from annotator.api.guard import guarded
from annotator.domain import people
from annotator.domain.access import ObjectKind, Verb
from annotator.models import ApiToken

router = Router(tags=["account"])


@router.get("/account/tokens", response=list[schemas.TokenOut])
@guarded(ObjectKind.ACCOUNT, Verb.VIEW)
def list_tokens(request: ApiRequest) -> QuerySet[ApiToken]:
    return request.user.api_tokens.filter(revoked_at__isnull=True).order_by("pk")


@router.post("/account/tokens", response={201: schemas.NewTokenOut})
@guarded(ObjectKind.ACCOUNT, Verb.EDIT)
def issue_token(request: ApiRequest, body: schemas.TokenIn) -> Status[Any]:
    """A new bearer token, shown this once."""
    return Status(201, {"token": people.issue_token(request.user, body.name)})


@router.delete("/account/tokens/{token_id}", response={204: None})
@guarded(ObjectKind.ACCOUNT, Verb.EDIT)
def revoke_token(request: ApiRequest, token_id: int) -> Status[Any]:
    people.revoke_token(request.user, token_id)
    return Status(204, None)
