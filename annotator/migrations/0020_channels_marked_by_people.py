"""Who marked which channel as bad, when and why: until now the session kept the names alone, the audit log the rest."""

from __future__ import annotations

from typing import Any

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

GUARD = """
CREATE FUNCTION concord_mark_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'marks are append-only: row % of % can not be changed', OLD.id, TG_TABLE_NAME
        USING ERRCODE = '23001';
END $$;

CREATE TRIGGER channel_mark_append_only BEFORE UPDATE ON annotator_channelmark
FOR EACH ROW EXECUTE FUNCTION concord_mark_guard();
"""
NO_GUARD = """
DROP TRIGGER channel_mark_append_only ON annotator_channelmark;
DROP FUNCTION concord_mark_guard();
"""


def keep_what_was_marked(apps: Any, schema_editor: Any) -> None:
    """A row for each channel that is marked: by whoever marked it last, as the audit log says."""
    session_model, mark_model, event_model, derived_model = (
        apps.get_model("annotator", name) for name in ("RecordingSession", "ChannelMark", "AuditEvent", "Derived")
    )
    for session in session_model.objects.exclude(bad_channels=[]).order_by("pk"):
        events = event_model.objects.filter(
            verb="set_bad_channels", object_kind="recordingsession", object_id=str(session.pk)
        ).order_by("at", "pk")
        said = {}
        for event in events:
            before = set(event.detail["before"]["bad_channels"])
            said |= {name: event for name in event.detail["after"]["bad_channels"] if name not in before}
        mark_model.objects.bulk_create(
            mark_model(
                study_id=session.study_id,
                session=session,
                channel=name,
                is_bad=True,
                by_id=said[name].actor_id if name in said else None,
                created_at=said[name].at if name in said else session.imported_at or session.created_at,
            )
            for name in session.bad_channels
        )
    for shard in derived_model.objects.filter(kind="shard").select_related("session"):
        left_out = [*shard.session.spec.get("bad_channels", []), *shard.session.bad_channels]
        shard.meta = {**shard.meta, "bad_channels": list(dict.fromkeys(left_out))}
        shard.save(update_fields=["meta"])


class Migration(migrations.Migration):
    dependencies = [
        ("annotator", "0019_where_the_face_is"),
    ]

    operations = [
        migrations.CreateModel(
            name="ChannelMark",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("channel", models.CharField(max_length=80)),
                ("is_bad", models.BooleanField()),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="channel_marks",
                        to="annotator.recordingsession",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="channel_marks",
                        to="annotator.study",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["session", "channel", "-created_at", "-id"], name="channel_mark_last")
                ],
            },
        ),
        migrations.RunPython(keep_what_was_marked, migrations.RunPython.noop),
        migrations.RunSQL(GUARD, NO_GUARD),
    ]
