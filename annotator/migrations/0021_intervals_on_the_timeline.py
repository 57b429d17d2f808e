from __future__ import annotations

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

GUARD = """
CREATE TRIGGER interval_mark_append_only BEFORE UPDATE ON annotator_intervalmark
FOR EACH ROW EXECUTE FUNCTION concord_mark_guard();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("annotator", "0020_channels_marked_by_people"),
    ]

    operations = [
        migrations.CreateModel(
            name="IntervalMark",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("uuid", models.UUIDField(unique=True)),
                ("is_withdrawal", models.BooleanField(default=False)),
                (
                    "kind",
                    models.CharField(choices=[("artefact", "Artefact"), ("event", "Event")], max_length=10),
                ),
                ("start_s", models.FloatField()),
                ("stop_s", models.FloatField()),
                ("channel", models.CharField(blank=True, max_length=80)),
                ("text", models.CharField(blank=True, max_length=500)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="interval_marks",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "session",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="interval_marks",
                        to="annotator.recordingsession",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="interval_marks",
                        to="annotator.study",
                    ),
                ),
                (
                    "supersedes",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="superseded_by",
                        to="annotator.intervalmark",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["session", "start_s"], name="interval_session_start")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("stop_s__gt", models.F("start_s"))), name="interval_has_length"
                    )
                ],
            },
        ),
        migrations.RunSQL(GUARD, "DROP TRIGGER interval_mark_append_only ON annotator_intervalmark;"),
    ]
