from __future__ import annotations

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from annotator.enums import Role


class MemberForm(forms.Form):
    username = forms.CharField(
        label=_("Username"), max_length=150, help_text=_("Somebody new is added with the password below.")
    )
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.ANNOTATOR)
    password = forms.CharField(
        label=_("Password"),
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Only for somebody new; they change it on their account page."),
    )

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if password:
            validate_password(password)
        return password


class TokenForm(forms.Form):
    name = forms.CharField(label=_("What is it for?"), max_length=80)
