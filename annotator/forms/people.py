from __future__ import annotations

from django import forms
from django.contrib.auth.password_validation import validate_password

from annotator.enums import Role


class MemberForm(forms.Form):
    username = forms.CharField(max_length=150, help_text="Somebody new is added with the password below.")
    role = forms.ChoiceField(choices=Role.choices, initial=Role.ANNOTATOR)
    password = forms.CharField(
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Only for somebody new; they change it on their account page.",
    )

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if password:
            validate_password(password)
        return password


class TokenForm(forms.Form):
    name = forms.CharField(label="What is it for?", max_length=80)
