"""Clips whose right answer has no values, how many clips a lab means to choose, and what "why this clip?" says of checks."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("annotator", "0023_onboarding"),
    ]

    operations = [
        migrations.AddField(
            model_name="teachingclip",
            name="accepted_answers",
            field=models.JSONField(default=list),
        ),
        migrations.AddField(
            model_name="teachingclip",
            name="told",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="onboarding",
            name="practice_planned",
            field=models.PositiveSmallIntegerField(
                default=0, validators=[django.core.validators.MaxValueValidator(100)]
            ),
        ),
        migrations.AddField(
            model_name="onboarding",
            name="checks_planned",
            field=models.PositiveSmallIntegerField(
                default=0, validators=[django.core.validators.MaxValueValidator(1000)]
            ),
        ),
    ]
