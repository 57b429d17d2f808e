"""Publishing a million clips writes two tables of as many rows: each index that it spares them is time saved.

A claim walks the open entries of a ranking. Two indexes could serve that, one of all entries and one of the open ones,
and with young statistics Postgres took the longer: now there is only the one that has `is_open` before the rank.
"""

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('annotator', '0017_when_stopping_is_suggested'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='prediction',
            name='prediction_once',
        ),
        migrations.RemoveConstraint(
            model_name='rankentry',
            name='rank_once',
        ),
        migrations.RemoveConstraint(
            model_name='rankentry',
            name='ranked_clip_once',
        ),
        migrations.RemoveIndex(
            model_name='rankentry',
            name='rank_open',
        ),
        migrations.AlterField(
            model_name='prediction',
            name='clip',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='predictions', to='annotator.clip'),
        ),
        migrations.AlterField(
            model_name='rankentry',
            name='clip',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='rank_entries', to='annotator.clip'),
        ),
        migrations.AddIndex(
            model_name='prediction',
            index=django.contrib.postgres.indexes.BrinIndex(fields=['round'], name='prediction_round'),
        ),
        migrations.AddConstraint(
            model_name='prediction',
            constraint=models.UniqueConstraint(fields=('clip', 'round'), name='prediction_once'),
        ),
        migrations.AddConstraint(
            model_name='rankentry',
            constraint=models.UniqueConstraint(fields=('ranking', 'is_open', 'rank'), name='rank_once'),
        ),
        migrations.AddConstraint(
            model_name='rankentry',
            constraint=models.UniqueConstraint(fields=('clip', 'ranking'), name='ranked_clip_once'),
        ),
    ]
