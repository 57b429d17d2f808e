"""What an answer costs does not depend on what Postgres believes of its tables.

The claim looks at open entries one after another, best first, and asks of each by index whether this annotator may have
it. As one statement it was planned as a join: with statistics that are minutes old it read all of the annotator's
answers for every claim. Slots that others take at this moment are passed over, so N annotators at once get the first N.

How a lease ends is said here once: a claim ends those that ran out, `leases.reopen` any others.
"""

from importlib import import_module

from django.db import migrations, models

BEFORE = import_module("annotator.migrations.0010_claim_function")
FORWARD = """
CREATE FUNCTION concord_reopen(slots bigint[], the_outcome text, at timestamptz) RETURNS integer
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    -- the caller has these slots locked
    UPDATE annotator_lease l SET ended_at = at, outcome = the_outcome FROM annotator_slot s
    WHERE s.id = ANY(slots) AND l.clip_id = s.clip_id AND l.annotator_id = s.holder_id AND l.ended_at IS NULL;
    DELETE FROM annotator_slot s USING annotator_clip c
    WHERE s.id = ANY(slots) AND c.id = s.clip_id AND c.superseded_at IS NOT NULL;
    UPDATE annotator_slot SET state = 'open', holder_id = NULL, leased_at = NULL, expires_at = NULL, entry_id = NULL
    WHERE id = ANY(slots);
    RETURN cardinality(slots);
END $$;

CREATE FUNCTION concord_expire(the_study bigint, at timestamptz) RETURNS integer
LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan SET enable_seqscan = off AS $$
DECLARE
    overdue bigint[];
BEGIN
    overdue := ARRAY(SELECT id FROM annotator_slot
                     WHERE study_id = the_study AND state = 'leased' AND expires_at <= at FOR UPDATE SKIP LOCKED);
    RETURN CASE WHEN cardinality(overdue) = 0 THEN 0 ELSE concord_reopen(overdue, 'expired', at) END;
END $$;

CREATE OR REPLACE FUNCTION concord_claim(
    the_study bigint, the_user bigint, n_reserve integer, at timestamptz, until timestamptz, shown text[]
) RETURNS integer LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_material = off SET enable_sort = off
AS $$
DECLARE
    rankings bigint[];
    the_ranking bigint;
    n_held integer;
    candidate record;
    free record;
    leased timestamptz;
BEGIN
    PERFORM concord_expire(the_study, at);
    SELECT count(*) INTO n_held FROM annotator_slot
    WHERE holder_id = the_user AND state = 'leased' AND study_id = the_study;
    SELECT ARRAY[test_ranking_id, head_ranking_id, active_ranking_id] INTO rankings
    FROM annotator_study WHERE id = the_study;
    FOREACH the_ranking IN ARRAY rankings LOOP
        CONTINUE WHEN the_ranking IS NULL;
        EXIT WHEN n_held >= n_reserve;
        -- questions to each entry, asked by index as the walk comes to it; as parts of a join they might be answered
        -- for all entries first
        FOR candidate IN
            SELECT e.id AS entry, e.clip_id AS clip FROM annotator_rankentry e
            WHERE e.ranking_id = the_ranking AND e.is_open
            AND NOT (SELECT EXISTS (SELECT 1 FROM annotator_skip k
                                    WHERE k.clip_id = e.clip_id AND k.annotator_id = the_user))
            AND NOT (SELECT EXISTS (SELECT 1 FROM annotator_slot h WHERE h.clip_id = e.clip_id
                                    AND h.holder_id = the_user AND h.state = 'leased'))
            AND (SELECT EXISTS (
                SELECT 1 FROM annotator_slot s WHERE s.clip_id = e.clip_id AND s.state = 'open'
                AND (s.reserved_for_id IS NULL OR s.reserved_for_id = the_user)
                AND NOT EXISTS (SELECT 1 FROM annotator_label l WHERE l.clip_id = e.clip_id
                                AND l.annotator_id = the_user AND l.pass_number = s.pass_number
                                AND l.state = 'current')))
            ORDER BY e.rank
        LOOP
            EXIT WHEN n_held >= n_reserve;
            SELECT s.id, s.number INTO free FROM annotator_slot s
            WHERE s.clip_id = candidate.clip AND s.state = 'open'
            AND (s.reserved_for_id IS NULL OR s.reserved_for_id = the_user)
            AND NOT EXISTS (SELECT 1 FROM annotator_label l WHERE l.clip_id = candidate.clip
                            AND l.annotator_id = the_user AND l.pass_number = s.pass_number AND l.state = 'current')
            ORDER BY s.number LIMIT 1 FOR UPDATE OF s SKIP LOCKED;
            CONTINUE WHEN NOT FOUND;
            leased := at + n_held * interval '1 microsecond';  -- in the order in which they were served
            UPDATE annotator_slot SET state = 'leased', holder_id = the_user, entry_id = candidate.entry,
                leased_at = leased, expires_at = until
            WHERE id = free.id;
            INSERT INTO annotator_lease
                (clip_id, annotator_id, slot_number, entry_id, leased_at, outcome, served)
            SELECT candidate.clip, the_user, free.number, e.id, leased, '', jsonb_build_object(
                'policy', r.policy, 'round', coalesce(maker.number, 0), 'rank', e.rank, 'ranking', r.id,
                'term', e.term, 'route', e.route, 'ask', e.ask,
                'scores', (SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(e.scores)
                           WHERE key = ANY(shown)))
            FROM annotator_rankentry e
            JOIN annotator_ranking r ON r.id = e.ranking_id
            LEFT JOIN annotator_ranking base ON base.id = r.base_id
            LEFT JOIN annotator_round maker ON maker.id = coalesce(base.round_id, r.round_id)
            WHERE e.id = candidate.entry;
            n_held := n_held + 1;
        END LOOP;
    END LOOP;
    RETURN n_held;
END $$;

ALTER FUNCTION concord_slots_opened(bigint[], bigint[]) SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION concord_slots_closed(bigint[], bigint[]) SET plan_cache_mode = force_generic_plan;

CREATE OR REPLACE FUNCTION concord_slots_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    opened_in bigint[];
    opened bigint[];
    closed_in bigint[];
    closed bigint[];
BEGIN
    IF concord_many_slots() THEN RETURN NULL; END IF;
    SELECT array_agg(fresh.study_id) FILTER (WHERE fresh.state = 'open'),
           array_agg(fresh.clip_id) FILTER (WHERE fresh.state = 'open'),
           array_agg(fresh.study_id) FILTER (WHERE fresh.state <> 'open'),
           array_agg(fresh.clip_id) FILTER (WHERE fresh.state <> 'open')
    INTO opened_in, opened, closed_in, closed
    FROM fresh JOIN gone USING (id) WHERE fresh.state <> gone.state;
    IF opened IS NOT NULL THEN PERFORM concord_slots_opened(opened_in, opened); END IF;
    IF closed IS NOT NULL THEN PERFORM concord_slots_closed(closed_in, closed); END IF;
    RETURN NULL;
END $$;
"""


# what follows slots does the same as that of migration 0009, and stays
BACKWARD = f"""
{BEFORE.BACKWARD}
{BEFORE.FORWARD}
DROP FUNCTION concord_expire(bigint, timestamptz);
DROP FUNCTION concord_reopen(bigint[], text, timestamptz);
"""


class Migration(migrations.Migration):
    dependencies = [("annotator", "0014_find_the_quality_list_by_its_route")]
    operations = [
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.RemoveIndex(model_name="label", name="label_annotator_recent"),
        migrations.AddIndex(
            model_name="label",
            index=models.Index(
                condition=models.Q(("state", "current")),
                fields=["annotator", "study", "-created_at"],
                name="label_annotator_recent",
            ),
        ),
    ]
