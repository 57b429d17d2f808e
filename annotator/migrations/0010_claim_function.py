"""The claim as a function: planning its statement takes ten times as long as running it, and a function keeps its plan.

Its plan walks indexes whatever the statistics say, so that it is right for a queue of any length. Test subjects' clips
come first, then the head's, then the ranking's, best first. The walk ends at the first slot that is this annotator's to
take: open to anybody or reserved for their repeat, of a clip that they have not answered in this pass, skipped, or hold.
Slots that others take at this moment are passed over, so N annotators at once get the first N.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION concord_hold_annotator(the_lock integer, the_study bigint, the_user bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    -- the lock first: the statement after it sees what whoever held it has written
    PERFORM pg_advisory_xact_lock_shared(the_lock, the_study::integer);
    PERFORM 1 FROM annotator_membership
    WHERE study_id = the_study AND user_id = the_user AND role IN ('admin', 'annotator') AND ended_at IS NULL
    ORDER BY id FOR NO KEY UPDATE;
    RETURN FOUND;
END $$;

CREATE FUNCTION concord_claim(
    the_study bigint, the_user bigint, n_reserve integer, at timestamptz, until timestamptz, shown text[]
) RETURNS integer LANGUAGE plpgsql
SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_bitmapscan = off SET enable_sort = off
SET enable_hashjoin = off SET enable_mergejoin = off
AS $$
DECLARE
    rankings bigint[];
    the_ranking bigint;
    n_held integer;
    free_slot bigint;
    the_clip bigint;
    the_number integer;
    the_entry bigint;
    leased timestamptz;
BEGIN
    SELECT count(*) INTO n_held FROM annotator_slot
    WHERE holder_id = the_user AND state = 'leased' AND study_id = the_study;
    SELECT ARRAY[test_ranking_id, head_ranking_id, active_ranking_id] INTO rankings
    FROM annotator_study WHERE id = the_study;
    WHILE n_held < n_reserve LOOP
        free_slot := NULL;
        FOREACH the_ranking IN ARRAY rankings LOOP
            CONTINUE WHEN the_ranking IS NULL;
            SELECT s.id, s.clip_id, s.number, e.id INTO free_slot, the_clip, the_number, the_entry
            FROM annotator_rankentry e JOIN annotator_slot s ON s.clip_id = e.clip_id AND s.state = 'open'
            WHERE e.ranking_id = the_ranking AND e.is_open
            AND (s.reserved_for_id IS NULL OR s.reserved_for_id = the_user)
            AND NOT EXISTS (SELECT 1 FROM annotator_label l
                            WHERE l.clip_id = e.clip_id AND l.annotator_id = the_user
                            AND l.pass_number = s.pass_number AND l.state = 'current')
            AND NOT EXISTS (SELECT 1 FROM annotator_skip k
                            WHERE k.clip_id = e.clip_id AND k.annotator_id = the_user)
            AND NOT EXISTS (SELECT 1 FROM annotator_slot h
                            WHERE h.clip_id = e.clip_id AND h.holder_id = the_user AND h.state = 'leased')
            ORDER BY e.rank, s.number LIMIT 1 FOR UPDATE OF s SKIP LOCKED;
            EXIT WHEN free_slot IS NOT NULL;
        END LOOP;
        EXIT WHEN free_slot IS NULL;
        leased := at + n_held * interval '1 microsecond';  -- in the order in which they were served
        UPDATE annotator_slot SET state = 'leased', holder_id = the_user, entry_id = the_entry,
            leased_at = leased, expires_at = until
        WHERE id = free_slot;
        INSERT INTO annotator_lease
            (clip_id, annotator_id, slot_number, entry_id, leased_at, outcome, served)
        SELECT the_clip, the_user, the_number, the_entry, leased, '', jsonb_build_object(
            'policy', r.policy, 'round', coalesce(maker.number, 0), 'rank', e.rank, 'ranking', r.id,
            'term', e.term, 'route', e.route, 'ask', e.ask,
            'scores', (SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(e.scores)
                       WHERE key = ANY(shown)))
        FROM annotator_rankentry e
        JOIN annotator_ranking r ON r.id = e.ranking_id
        LEFT JOIN annotator_ranking base ON base.id = r.base_id
        LEFT JOIN annotator_round maker ON maker.id = coalesce(base.round_id, r.round_id)
        WHERE e.id = the_entry;
        n_held := n_held + 1;
    END LOOP;
    RETURN n_held;
END $$;
"""

BACKWARD = """
DROP FUNCTION concord_claim(bigint, bigint, integer, timestamptz, timestamptz, text[]);
DROP FUNCTION concord_hold_annotator(integer, bigint, bigint);
"""


class Migration(migrations.Migration):
    dependencies = [("annotator", "0009_entries_follow_slots")]
    operations = [
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
