"""Labels and audit rows are append-only by the database itself, whoever writes.

A label's `state` may go from current to superseded or withdrawn, nothing else of it changes. Rows go away only in a
transaction that says so: SET LOCAL concord.allow_delete = 'on' (deleting a whole study on purpose).
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION concord_may_delete() RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT coalesce(current_setting('concord.allow_delete', true), '') = 'on' $$;

CREATE FUNCTION concord_label_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF concord_may_delete() THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'labels are append-only: label % can not be deleted', OLD.uuid USING ERRCODE = '23001';
    END IF;
    IF to_jsonb(NEW) - 'state' IS DISTINCT FROM to_jsonb(OLD) - 'state' THEN
        RAISE EXCEPTION 'labels are append-only: only the state of label % may change', OLD.uuid
            USING ERRCODE = '23001';
    END IF;
    IF NEW.state <> OLD.state AND NOT (OLD.state = 'current' AND NEW.state IN ('superseded', 'withdrawn')) THEN
        RAISE EXCEPTION 'label % is % and can not become %', OLD.uuid, OLD.state, NEW.state USING ERRCODE = '23001';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER label_append_only BEFORE UPDATE OR DELETE ON annotator_label
FOR EACH ROW EXECUTE FUNCTION concord_label_guard();

CREATE FUNCTION concord_audit_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF concord_may_delete() THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    RAISE EXCEPTION 'the audit log is append-only: row % can not be changed or deleted', OLD.id
        USING ERRCODE = '23001';
END $$;

CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON annotator_auditevent
FOR EACH ROW EXECUTE FUNCTION concord_audit_guard();
"""

BACKWARD = """
DROP TRIGGER audit_append_only ON annotator_auditevent;
DROP FUNCTION concord_audit_guard();
DROP TRIGGER label_append_only ON annotator_label;
DROP FUNCTION concord_label_guard();
DROP FUNCTION concord_may_delete();
"""


class Migration(migrations.Migration):
    dependencies = [("annotator", "0002_keep_every_lease")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
