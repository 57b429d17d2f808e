from __future__ import annotations

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from annotator.domain import people, studies
from annotator.domain.access import ObjectKind, Verb, access
from annotator.enums import LabelState, Role
from annotator.exceptions import DomainError, NotFound
from annotator.forms.people import MemberForm, TokenForm
from annotator.queries import newcomers
from annotator.views.http import StudyRequest, UserRequest


@access(ObjectKind.MEMBER, Verb.MANAGE)
def people_list(request: StudyRequest, slug: str) -> HttpResponse:
    form = MemberForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            _add(request, form)
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            return redirect("people", slug=slug)
    own_labels = Q(user__labels__study=request.study, user__labels__state=LabelState.CURRENT, user__labels__gold="")
    members = (
        request.study.memberships.select_related("user")
        .annotate(n_labels=Count("user__labels", filter=own_labels))
        .order_by("role", "pseudonym")
    )
    known = newcomers.progress_by_user(request.study)
    rows = [(member, known.get(member.user_id) if member.role == Role.ANNOTATOR else None) for member in members]
    context = {
        "study": request.study,
        "rows": rows,
        "form": form,
        "shows_gold": bool(known),
        "has_annotators": any(member.role == Role.ANNOTATOR for member, _ in rows),
    }
    return render(request, "people/list.html", context)


@access(ObjectKind.MEMBER, Verb.MANAGE)
@require_POST
def member_remove(request: StudyRequest, slug: str, member_id: int) -> HttpResponse:
    member = get_object_or_404(request.study.memberships.select_related("user"), pk=member_id)
    try:
        studies.remove_member(member, actor=request.user)
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(
            request,
            gettext("{user} is no longer {role} here; labels stay.").format(
                user=member.user, role=member.get_role_display().lower()
            ),
        )
    return redirect("people", slug=slug)


@access(ObjectKind.MEMBER, Verb.MANAGE)
def member_password(request: StudyRequest, slug: str, member_id: int) -> HttpResponse:
    member = get_object_or_404(request.study.memberships.select_related("user"), pk=member_id)
    form = SetPasswordForm(member.user, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            people.reset_password(member, form.cleaned_data["new_password1"], actor=request.user)
        except DomainError as error:
            form.add_error(None, error.message)
        else:
            messages.success(
                request,
                gettext("{user} has a new password: tell it to them; they can change it.").format(user=member.user),
            )
            return redirect("people", slug=slug)
    return render(request, "people/password.html", {"study": request.study, "member": member, "form": form})


@access(ObjectKind.ACCOUNT, Verb.VIEW)
def account(request: UserRequest) -> HttpResponse:
    return _account_page(request, PasswordChangeForm(request.user))


@access(ObjectKind.ACCOUNT, Verb.EDIT)
@require_POST
def password_change(request: UserRequest) -> HttpResponse:
    form = PasswordChangeForm(request.user, request.POST)
    if not form.is_valid():
        return _account_page(request, form)
    people.set_password(request.user, form.cleaned_data["new_password1"])
    update_session_auth_hash(request, request.user)
    messages.success(request, gettext("The password is changed; other devices are signed out."))
    return redirect("account")


@access(ObjectKind.ACCOUNT, Verb.EDIT)
@require_POST
def token_issue(request: UserRequest) -> HttpResponse:
    form = TokenForm(request.POST)
    if not form.is_valid():
        messages.error(request, gettext("Say what the token is for; none was made."))
        return redirect("account")
    token = people.issue_token(request.user, form.cleaned_data["name"])
    return _account_page(request, PasswordChangeForm(request.user), new_token=token)


@access(ObjectKind.ACCOUNT, Verb.EDIT)
@require_POST
def token_revoke(request: UserRequest, token_id: int) -> HttpResponse:
    try:
        people.revoke_token(request.user, token_id)
    except DomainError as error:
        messages.error(request, error.message)
    return redirect("account")


def _account_page(request: UserRequest, password: PasswordChangeForm, *, new_token: str = "") -> HttpResponse:
    context = {
        "password": password,
        "token_form": TokenForm(),
        "new_token": new_token,
        "tokens": request.user.api_tokens.filter(revoked_at__isnull=True).order_by("-created_at"),
    }
    return render(request, "account/detail.html", context)


def _add(request: StudyRequest, form: MemberForm) -> None:
    username, password = form.cleaned_data["username"], form.cleaned_data["password"]
    try:
        user = people.find_user(username)
    except NotFound:
        if not password:
            raise NotFound(
                gettext("There is no user called {username}: give a password to add somebody new.").format(
                    username=repr(username)
                )
            ) from None
        user = people.create_user(username, password=password)
    role = Role(form.cleaned_data["role"])
    studies.add_member(request.study, user, role, actor=request.user)
    messages.success(request, gettext("{user} is {role} here now.").format(user=user, role=role.label.lower()))
