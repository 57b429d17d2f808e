from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotator", "0016_what_the_first_order_knows"),
    ]

    operations = [
        migrations.AddField(
            model_name="study",
            name="stopping",
            field=models.JSONField(blank=True, default=dict),
        ),
    ]
