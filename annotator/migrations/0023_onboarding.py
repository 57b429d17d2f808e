"""A newcomer's first hour: instructions, examples, practice and checks; and opinions that are shown when asked for.

A clip with a known answer has no open slots: whoever is to answer it is given one of their own, and when that lease ends
without an answer the slot goes, as that of a superseded clip does.
"""

import django.core.validators
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# ends leases; the slot of a clip that is gone goes with its lease, any other opens again
REOPEN = """
CREATE OR REPLACE FUNCTION concord_reopen(slots bigint[], the_outcome text, at timestamptz) RETURNS integer
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    -- the caller has these slots locked
    UPDATE annotator_lease l SET ended_at = at, outcome = the_outcome FROM annotator_slot s
    WHERE s.id = ANY(slots) AND l.clip_id = s.clip_id AND l.annotator_id = s.holder_id AND l.ended_at IS NULL;
    DELETE FROM annotator_slot s USING annotator_clip c
    WHERE s.id = ANY(slots) AND c.id = s.clip_id AND ({is_gone});
    UPDATE annotator_slot SET state = 'open', holder_id = NULL, leased_at = NULL, expires_at = NULL, entry_id = NULL
    WHERE id = ANY(slots);
    RETURN cardinality(slots);
END $$;
"""
FORWARD = REOPEN.format(is_gone="c.superseded_at IS NOT NULL OR c.is_kept_apart") + """
CREATE FUNCTION concord_seen_opinion_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF concord_may_delete() THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    RAISE EXCEPTION 'what was seen is append-only: row % can not be changed or deleted', OLD.id
        USING ERRCODE = '23001';
END $$;
CREATE TRIGGER seen_opinion_append_only BEFORE UPDATE OR DELETE ON annotator_seenopinion
FOR EACH ROW EXECUTE FUNCTION concord_seen_opinion_guard();
"""
BACKWARD = REOPEN.format(is_gone="c.superseded_at IS NOT NULL") + """
DROP TRIGGER seen_opinion_append_only ON annotator_seenopinion;
DROP FUNCTION concord_seen_opinion_guard();
"""


class Migration(migrations.Migration):

    dependencies = [
        ("annotator", "0022_continuous_traces"),
    ]

    operations = [
        migrations.CreateModel(
            name='Newcomer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('read_at', models.DateTimeField(blank=True, null=True)),
                ('examples_seen_at', models.DateTimeField(blank=True, null=True)),
                ('attempt', models.PositiveSmallIntegerField(default=0)),
                ('passed_at', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name='Onboarding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('instructions', models.TextField(blank=True)),
                ('pass_share', models.FloatField(default=0.8, validators=[django.core.validators.MinValueValidator(0.0), django.core.validators.MaxValueValidator(1.0)])),
                ('feedback_times', models.PositiveSmallIntegerField(default=1, validators=[django.core.validators.MaxValueValidator(20)])),
                ('contact', models.CharField(blank=True, max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name='SeenOpinion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.CreateModel(
            name='TeachingClip',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('example', 'Example'), ('practice', 'Practice clip'), ('check', 'Check in the queue')], max_length=8)),
                ('accepted', models.JSONField(default=dict)),
                ('explanation', models.CharField(blank=True, max_length=500)),
                ('retired_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.AddField(
            model_name='clip',
            name='is_kept_apart',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='label',
            name='gold',
            field=models.CharField(blank=True, choices=[('example', 'Example'), ('practice', 'Practice clip'), ('check', 'Check in the queue')], default='', max_length=8),
        ),
        migrations.AddField(
            model_name='label',
            name='seen_opinion_at',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='study',
            name='check_rate',
            field=models.FloatField(default=0.0),
        ),
        migrations.AddField(
            model_name='study',
            name='leads_newcomers',
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name='study',
            name='opinion',
            field=models.CharField(choices=[('off', 'Never'), ('after', 'After their own answer, if they ask')], default='after', max_length=8),
        ),
        migrations.AddConstraint(
            model_name='study',
            constraint=models.CheckConstraint(condition=models.Q(('check_rate__gte', 0), ('check_rate__lte', 1)), name='study_check_rate_is_a_share'),
        ),
        migrations.AddField(
            model_name='newcomer',
            name='study',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='newcomers', to='annotator.study'),
        ),
        migrations.AddField(
            model_name='newcomer',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='onboarding',
            name='study',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='onboarding', to='annotator.study'),
        ),
        migrations.AddField(
            model_name='seenopinion',
            name='label',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='seen_opinion', to='annotator.label'),
        ),
        migrations.AddField(
            model_name='teachingclip',
            name='clip',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='teaching', to='annotator.clip'),
        ),
        migrations.AddField(
            model_name='teachingclip',
            name='created_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='teachingclip',
            name='study',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='teaching_clips', to='annotator.study'),
        ),
        migrations.AddConstraint(
            model_name='newcomer',
            constraint=models.UniqueConstraint(fields=('study', 'user'), name='newcomer_once'),
        ),
        migrations.AddIndex(
            model_name='teachingclip',
            index=models.Index(fields=['study', 'kind'], name='teaching_of_study'),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
