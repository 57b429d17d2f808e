from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from annotator.domain.importing import LAYOUTS


class LayoutForm(forms.Form):
    layout = forms.ChoiceField(label=_("Layout"), choices=list(LAYOUTS.items()), initial="auto")


class ServerImportForm(LayoutForm):
    source = forms.CharField(label=_("Folder, manifest or S3 prefix"), max_length=500)

    field_order = ["source", "layout"]
