from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

LAYOUTS = (("auto", "Recognise it"), ("mahnob", "MAHNOB-HCI folder"), ("manifest", "CSV manifest"))


class SeveralFilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class SeveralFilesField(forms.FileField):
    """A file field that takes any number of files and gives a list of them."""

    widget = SeveralFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[bytes]]:
        files = data if isinstance(data, list | tuple) else [data] if data else []
        return [super(SeveralFilesField, self).clean(item, initial) for item in files]


class FolderImportForm(forms.Form):
    folder = forms.CharField(label="Folder or manifest on the server", max_length=500)
    layout = forms.ChoiceField(label="Layout", choices=LAYOUTS, initial="auto")


class UploadImportForm(forms.Form):
    recordings = SeveralFilesField(
        label="Files",
        help_text="A .zip of a whole folder, or a manifest.csv together with the files that it names.",
    )
    layout = forms.ChoiceField(label="Layout", choices=LAYOUTS, initial="auto")

    def clean_recordings(self) -> list[UploadedFile[bytes]]:
        files: list[UploadedFile[bytes]] = self.cleaned_data["recordings"]
        if not files:
            raise forms.ValidationError("Choose at least one file.")
        return files
