from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotator", "0013_answers_seen_by_a_ranking"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="rankentry",
            index=models.Index(
                condition=models.Q(("route", "quality")), fields=["ranking", "clip"], name="rank_quality"
            ),
        ),
    ]
