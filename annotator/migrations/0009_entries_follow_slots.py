"""An entry of a ranking that serves is open exactly where its route is served and some slot of its clip is open.

The database sees to it, whoever writes slots, so that a claim walks along open entries only. Two ways to be wrong are
not alike: an entry that is open by mistake costs a claim one more look, one that is closed by mistake hides a clip.
So who opens a slot waits for whoever is closing its entry, and who closes one leaves an entry alone that somebody else
works on at this moment (it is closed when the slot is filled, at the latest). Both look anew once they have the lock.

Their plans walk indexes whatever the statistics say: those know nothing of rows that are minutes old.

Whoever changes many slots says SET LOCAL concord.many_slots = 'on' and computes the entries afterwards
(annotator/domain/slots.py).

The rows of a ranking and of a round's predictions go with their clip, ranking or round.
"""

from typing import Any

from django.db import migrations

FORWARD = """
CREATE FUNCTION concord_many_slots() RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT coalesce(current_setting('concord.many_slots', true), '') = 'on' $$;

CREATE FUNCTION concord_entries_of(studies bigint[], clips bigint[]) RETURNS SETOF bigint LANGUAGE sql STABLE AS $$
    SELECT e.id
    FROM (SELECT DISTINCT * FROM unnest(studies, clips)) AS at (study_id, clip_id)
    JOIN annotator_study s ON s.id = at.study_id
    CROSS JOIN LATERAL unnest(ARRAY[s.test_ranking_id, s.active_ranking_id, s.head_ranking_id]) AS r (ranking_id)
    JOIN annotator_rankentry e ON e.ranking_id = r.ranking_id AND e.clip_id = at.clip_id
    WHERE e.route IN ('main', 'second_opinion')
$$;

CREATE FUNCTION concord_slots_opened(studies bigint[], clips bigint[]) RETURNS void LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    entries bigint[] := ARRAY(SELECT concord_entries_of(studies, clips));
BEGIN
    PERFORM 1 FROM annotator_rankentry WHERE id = ANY(entries) ORDER BY id FOR NO KEY UPDATE;
    UPDATE annotator_rankentry SET is_open = true WHERE id = ANY(entries) AND NOT is_open;
END $$;

CREATE FUNCTION concord_slots_closed(studies bigint[], clips bigint[]) RETURNS void LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    entries bigint[];
BEGIN
    entries := ARRAY(
        SELECT e.id FROM annotator_rankentry e
        WHERE e.id = ANY(ARRAY(SELECT concord_entries_of(studies, clips))) AND e.is_open
        AND NOT EXISTS (SELECT 1 FROM annotator_slot s WHERE s.clip_id = e.clip_id AND s.state = 'open')
        FOR NO KEY UPDATE OF e SKIP LOCKED
    );
    IF cardinality(entries) > 0 THEN
        UPDATE annotator_rankentry e SET is_open = false
        WHERE e.id = ANY(entries)
        AND NOT EXISTS (SELECT 1 FROM annotator_slot s WHERE s.clip_id = e.clip_id AND s.state = 'open');
    END IF;
END $$;

CREATE FUNCTION concord_slots_made() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    studies bigint[];
    clips bigint[];
BEGIN
    IF concord_many_slots() THEN RETURN NULL; END IF;
    SELECT array_agg(study_id), array_agg(clip_id) INTO studies, clips FROM fresh WHERE state = 'open';
    IF clips IS NOT NULL THEN PERFORM concord_slots_opened(studies, clips); END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION concord_slots_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    studies bigint[];
    clips bigint[];
BEGIN
    IF concord_many_slots() THEN RETURN NULL; END IF;
    SELECT array_agg(fresh.study_id), array_agg(fresh.clip_id) INTO studies, clips
    FROM fresh JOIN gone USING (id) WHERE fresh.state = 'open' AND gone.state <> 'open';
    IF clips IS NOT NULL THEN PERFORM concord_slots_opened(studies, clips); END IF;
    SELECT array_agg(fresh.study_id), array_agg(fresh.clip_id) INTO studies, clips
    FROM fresh JOIN gone USING (id) WHERE fresh.state <> 'open' AND gone.state <> fresh.state;
    IF clips IS NOT NULL THEN PERFORM concord_slots_closed(studies, clips); END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION concord_slots_dropped() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    studies bigint[];
    clips bigint[];
BEGIN
    IF concord_many_slots() THEN RETURN NULL; END IF;
    SELECT array_agg(study_id), array_agg(clip_id) INTO studies, clips FROM gone WHERE state = 'open';
    IF clips IS NOT NULL THEN PERFORM concord_slots_closed(studies, clips); END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER slots_made AFTER INSERT ON annotator_slot REFERENCING NEW TABLE AS fresh
FOR EACH STATEMENT EXECUTE FUNCTION concord_slots_made();
CREATE TRIGGER slots_changed AFTER UPDATE ON annotator_slot REFERENCING OLD TABLE AS gone NEW TABLE AS fresh
FOR EACH STATEMENT EXECUTE FUNCTION concord_slots_changed();
CREATE TRIGGER slots_dropped AFTER DELETE ON annotator_slot REFERENCING OLD TABLE AS gone
FOR EACH STATEMENT EXECUTE FUNCTION concord_slots_dropped();

CREATE FUNCTION concord_clips_dropped() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM annotator_rankentry e USING gone WHERE e.clip_id = gone.id;
    DELETE FROM annotator_prediction p USING gone WHERE p.clip_id = gone.id;
    RETURN NULL;
END $$;
CREATE FUNCTION concord_rankings_dropped() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM annotator_rankentry e USING gone WHERE e.ranking_id = gone.id;
    RETURN NULL;
END $$;
CREATE FUNCTION concord_rounds_dropped() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM annotator_prediction p USING gone WHERE p.round_id = gone.id;
    RETURN NULL;
END $$;
CREATE TRIGGER clips_dropped AFTER DELETE ON annotator_clip REFERENCING OLD TABLE AS gone
FOR EACH STATEMENT EXECUTE FUNCTION concord_clips_dropped();
CREATE TRIGGER rankings_dropped AFTER DELETE ON annotator_ranking REFERENCING OLD TABLE AS gone
FOR EACH STATEMENT EXECUTE FUNCTION concord_rankings_dropped();
CREATE TRIGGER rounds_dropped AFTER DELETE ON annotator_round REFERENCING OLD TABLE AS gone
FOR EACH STATEMENT EXECUTE FUNCTION concord_rounds_dropped();
"""

BACKWARD = """
DROP TRIGGER rounds_dropped ON annotator_round;
DROP TRIGGER rankings_dropped ON annotator_ranking;
DROP TRIGGER clips_dropped ON annotator_clip;
DROP FUNCTION concord_rounds_dropped();
DROP FUNCTION concord_rankings_dropped();
DROP FUNCTION concord_clips_dropped();
DROP TRIGGER slots_dropped ON annotator_slot;
DROP TRIGGER slots_changed ON annotator_slot;
DROP TRIGGER slots_made ON annotator_slot;
DROP FUNCTION concord_slots_dropped();
DROP FUNCTION concord_slots_changed();
DROP FUNCTION concord_slots_made();
DROP FUNCTION concord_slots_closed(bigint[], bigint[]);
DROP FUNCTION concord_slots_opened(bigint[], bigint[]);
DROP FUNCTION concord_entries_of(bigint[], bigint[]);
DROP FUNCTION concord_many_slots();
"""

TERMS = """
UPDATE annotator_rankentry e SET term = 'test' FROM annotator_ranking r
WHERE r.id = e.ranking_id AND r.policy = 'test';
UPDATE annotator_rankentry e SET term = 'rest' FROM annotator_ranking r
WHERE r.id = e.ranking_id AND (r.policy = 'random' OR (r.policy <> 'test' AND e.scores = '{}'));
"""
OPEN = """
UPDATE annotator_rankentry e SET is_open = EXISTS (
    SELECT 1 FROM annotator_slot s WHERE s.clip_id = e.clip_id AND s.state = 'open'
)
"""


def tell_entries(apps: Any, schema_editor: Any) -> None:
    """What bought an older ranking's entries their place, and which of them are open; without a time limit."""
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute(TERMS)
        cursor.execute(OPEN)


class Migration(migrations.Migration):
    dependencies = [("annotator", "0008_entries_without_row_checks")]
    operations = [
        migrations.RunPython(tell_entries, migrations.RunPython.noop, elidable=True),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
