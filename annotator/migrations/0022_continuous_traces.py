"""Recordings of traces beside their labels, append-only like them; reaction lags; how a round reads both."""

from __future__ import annotations

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FORWARD = """
CREATE FUNCTION concord_trace_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF concord_may_delete() THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    RAISE EXCEPTION 'recorded traces are append-only: row % can not be changed or deleted', OLD.id
        USING ERRCODE = '23001';
END $$;

CREATE TRIGGER trace_append_only BEFORE UPDATE OR DELETE ON annotator_tracerecording
FOR EACH ROW EXECUTE FUNCTION concord_trace_guard();
"""

BACKWARD = """
DROP TRIGGER trace_append_only ON annotator_tracerecording;
DROP FUNCTION concord_trace_guard();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('annotator', '0021_intervals_on_the_timeline'),
    ]

    operations = [
        migrations.CreateModel(
            name='ReactionLag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('device', models.CharField(choices=[('pointer', 'Mouse or finger'), ('keys', 'Keys'), ('wheel', 'Wheel')], max_length=8)),
                ('seed', models.PositiveIntegerField()),
                ('events', models.JSONField()),
                ('lag_ms', models.FloatField()),
                ('correlation', models.FloatField()),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name='TraceRecording',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('dimension', models.CharField(max_length=40)),
                ('clock', models.CharField(choices=[('video', 'Video'), ('session', 'Session')], max_length=8)),
                ('began_ms', models.BigIntegerField()),
                ('events', models.JSONField()),
                ('superseded', models.JSONField(default=list)),
                ('n_events', models.PositiveIntegerField()),
                ('coverage', models.FloatField()),
                ('sha256', models.CharField(max_length=64)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.AddField(
            model_name='round',
            name='reading',
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name='study',
            name='applies_lag',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='study',
            name='trace_sfreq',
            field=models.FloatField(default=4.0),
        ),
        migrations.AddConstraint(
            model_name='study',
            constraint=models.CheckConstraint(condition=models.Q(('trace_sfreq__gt', 0)), name='study_trace_sfreq_positive'),
        ),
        migrations.AddField(
            model_name='reactionlag',
            name='annotator',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reaction_lags', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='reactionlag',
            name='study',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reaction_lags', to='annotator.study'),
        ),
        migrations.AddField(
            model_name='tracerecording',
            name='label',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='traces', to='annotator.label'),
        ),
        migrations.AddIndex(
            model_name='reactionlag',
            index=models.Index(fields=['study', 'annotator', '-created_at'], name='lag_latest'),
        ),
        migrations.AddConstraint(
            model_name='tracerecording',
            constraint=models.UniqueConstraint(fields=('label', 'dimension'), name='one_trace_per_dimension'),
        ),
        migrations.AddConstraint(
            model_name='tracerecording',
            constraint=models.CheckConstraint(condition=models.Q(('coverage__gte', 0), ('coverage__lte', 1)), name='trace_coverage_is_a_share'),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
