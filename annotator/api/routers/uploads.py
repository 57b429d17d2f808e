"""Files that come in piece by piece: begin an upload, send its files by tus, hand it to an import."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from ninja import Router, Status

from annotator.api import present, schemas, tus
from annotator.api.auth import ApiRequest
from annotator.api.guard import guarded
from annotator.domain import receiving, uploads
from annotator.domain.access import ObjectKind, Verb
from annotator.exceptions import DomainError
from annotator.models import Upload, UploadFile
from mlcore.types import JsonObject

router = Router(tags=["uploads"])
SET = "/studies/{slug}/uploads/{uuid:upload_id}"
FILE = SET + "/files/{uuid:file_id}"


@router.post("/studies/{slug}/uploads", response={201: schemas.UploadOut}, url_name="begin_upload")
@guarded(ObjectKind.SESSION, Verb.IMPORT)
def begin_upload(request: ApiRequest, slug: str) -> Status[Any]:
    """Begin an upload: a set of files that will be one import. Its `files_url` is a tus 1.0 endpoint."""
    return Status(201, _fields(uploads.begin(request.study, actor=request.user)))


@router.get("/studies/{slug}/uploads", response=list[schemas.UploadOut])
@guarded(ObjectKind.SESSION, Verb.IMPORT)
def list_uploads(request: ApiRequest, slug: str) -> list[JsonObject]:
    """One's own uploads that are not imported yet, with how far each file is."""
    return [_fields(upload) for upload in uploads.open_uploads(request.study, request.user)]


@router.delete(SET, response={204: None}, url_name="upload")
@guarded(ObjectKind.SESSION, Verb.IMPORT)
def discard_upload(request: ApiRequest, slug: str, upload_id: UUID) -> Status[Any]:
    """Throw an upload away."""
    uploads.discard(uploads.upload_of(request.study, upload_id), actor=request.user)
    return Status(204, None)


@router.post(SET + "/import", response={202: schemas.JobOut})
@guarded(ObjectKind.SESSION, Verb.IMPORT)
def import_upload(request: ApiRequest, slug: str, upload_id: UUID, body: schemas.UploadImportIn) -> Status[Any]:
    """Import an upload whose files have all come in; the job says how far it is."""
    upload = uploads.upload_of(request.study, upload_id)
    return Status(202, present.job(uploads.request_import(upload, actor=request.user, layout=body.layout)))


# --- tus -------------------------------------------------------------------------------------------------------------


@router.api_operation(["OPTIONS"], SET + "/files", url_name="upload_files")
@tus.tus
@guarded(ObjectKind.SESSION, Verb.IMPORT)
def abilities(request: ApiRequest, slug: str, upload_id: UUID) -> HttpResponse:
    """What this tus server can do."""
    return tus.abilities()


@router.post(SET + "/files")
@tus.tus
@guarded(ObjectKind.SESSION, Verb.IMPORT)
def add_file(request: ApiRequest, slug: str, upload_id: UUID) -> HttpResponse:
    """Tus creation: Upload-Length, and in Upload-Metadata `filename` or `path`; `modified_ms` if it is known."""
    upload, said = uploads.upload_of(request.study, upload_id), tus.metadata(request)
    file = uploads.add_file(
        upload,
        path=tus.path_in(said),
        size_bytes=tus.whole_number(request, "Upload-Length"),
        modified_ms=tus.modified_ms(said),
    )
    headers = {"Location": _address(file), "Upload-Offset": str(file.offset_bytes), "Upload-Expires": tus.expires()}
    return HttpResponse(status=201, headers=headers)


@router.api_operation(["HEAD"], FILE, url_name="upload_file")
@tus.tus
@guarded(ObjectKind.SESSION, Verb.IMPORT)
def file_offset(request: ApiRequest, slug: str, upload_id: UUID, file_id: UUID) -> HttpResponse:
    """Tus: how much of the file is here."""
    file = uploads.file_of(request.study, upload_id, file_id)
    offset = receiving.offset_of(file)
    return HttpResponse(status=200, headers={"Upload-Offset": str(offset), "Upload-Length": str(file.size_bytes)})


@router.patch(FILE)
@tus.tus
@guarded(ObjectKind.SESSION, Verb.IMPORT)
def send_piece(request: ApiRequest, slug: str, upload_id: UUID, file_id: UUID) -> HttpResponse:
    """Tus: a piece of the file, from Upload-Offset on."""
    return _receive(request, uploads.file_of(request.study, upload_id, file_id))


@router.delete(FILE)
@tus.tus
@guarded(ObjectKind.SESSION, Verb.IMPORT)
def remove_file(request: ApiRequest, slug: str, upload_id: UUID, file_id: UUID) -> HttpResponse:
    """Tus termination: throw the file away."""
    uploads.remove_file(uploads.file_of(request.study, upload_id, file_id))
    return HttpResponse(status=204)


@router.post(FILE)
@tus.tus
@guarded(ObjectKind.SESSION, Verb.IMPORT)
def overridden(request: ApiRequest, slug: str, upload_id: UUID, file_id: UUID) -> HttpResponse:
    """Tus, for clients behind proxies that know neither PATCH nor DELETE: X-HTTP-Method-Override names the method."""
    file = uploads.file_of(request.study, upload_id, file_id)
    match request.headers.get("X-HTTP-Method-Override", "").upper():
        case "PATCH":
            return _receive(request, file)
        case "DELETE":
            uploads.remove_file(file)
            return HttpResponse(status=204)
    raise DomainError(gettext("X-HTTP-Method-Override: expected PATCH or DELETE."), "bad_request")


def _receive(request: ApiRequest, file: UploadFile) -> HttpResponse:
    offset = tus.whole_number(request, "Upload-Offset")
    tus.check_piece(request, room=file.size_bytes - offset)
    tus.patience(request)
    reached = receiving.receive(file, offset=offset, read=request.read, checksum=tus.checksum(request))
    return HttpResponse(status=204, headers={"Upload-Offset": str(reached), "Upload-Expires": tus.expires()})


def _fields(upload: Upload) -> JsonObject:
    files = [
        {
            "url": _address(file, upload),
            "path": file.path,
            "size_bytes": file.size_bytes,
            "offset_bytes": file.offset_bytes,
            "modified_ms": file.modified_ms,
        }
        for file in upload.files.all()
    ]
    where = {"slug": upload.study.slug, "upload_id": upload.pk}
    return {
        "id": upload.pk,
        "created_at": upload.created_at,
        "url": reverse("api:upload", kwargs=where),
        "files_url": reverse("api:upload_files", kwargs=where),
        "files": files,
    }


def _address(file: UploadFile, upload: Upload | None = None) -> str:
    upload = upload or file.upload
    where = {"slug": upload.study.slug, "upload_id": upload.pk, "file_id": file.pk}
    return reverse("api:upload_file", kwargs=where)
