from __future__ import annotations

from django.db import models

from annotator.enums import DerivedKind, FileRole, RetiredKind, SessionStatus
from annotator.models.study import Study


class Subject(models.Model):
    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="subjects")
    code = models.CharField(max_length=60)
    is_test = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["study", "code"], name="subject_code_once")]

    def __str__(self) -> str:
        return self.code


class RecordingSession(models.Model):
    """One recording of a subject: EEG, face video, or both, and the map between their clocks."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="sessions")
    subject = models.ForeignKey(Subject, on_delete=models.CASCADE, related_name="sessions")
    code = models.CharField(max_length=120)
    layout = models.CharField(max_length=30)
    status = models.CharField(max_length=12, choices=SessionStatus.choices, default=SessionStatus.PENDING)
    #: one sentence for the person who imported it: file, reason, what to do
    error = models.TextField(blank=True)
    warnings = models.JSONField(default=list)
    #: SHA-256 over the file digests and the import settings; the same fingerprint is not imported twice
    fingerprint = models.CharField(max_length=64, blank=True)
    #: RecordingSpec.to_json() with paths relative to the source, so that a retry needs no second discovery
    spec = models.JSONField(default=dict)
    duration_s = models.FloatField(null=True, blank=True)
    has_eeg = models.BooleanField(default=False)
    has_video = models.BooleanField(default=False)
    eeg_usable = models.BooleanField(default=False)
    #: {"channels": [...], "kinds": [...], "sfreq": …, "seconds": …, "format": …, "breaks": [[stop_s, start_s], …]};
    #: a break is where it was stopped and went on, both equal where the file does not tell for how long
    eeg_info = models.JSONField(default=dict)
    #: {"codec": …, "width": …, "height": …, "frames": …, "seconds": …, "mean_fps": …}
    video_info = models.JSONField(default=dict)
    #: session_s = video_offset_s + (1 + video_drift) * video_s
    video_offset_s = models.FloatField(default=0.0)
    video_drift = models.FloatField(default=0.0)
    sync_residual_ms = models.FloatField(null=True, blank=True)
    sync_method = models.CharField(max_length=40, blank=True)
    #: 0..1 where the method may be wrong as a whole; null where it can't
    sync_confidence = models.FloatField(null=True, blank=True)
    #: moments that somebody found on both clocks: [[video_s, session_s], …]; they overrule what the files say
    sync_points = models.JSONField(default=list)
    #: channels that somebody marked as bad, by their names in the file: what counts of `channel_marks`
    bad_channels = models.JSONField(default=list)
    #: what was measured of channels: {"Fp1": ["flat"], …}; those without a fault are absent
    channel_faults = models.JSONField(default=dict)
    imported_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["study", "subject", "code"], name="session_code_once"),
        ]
        indexes = [models.Index(fields=["study", "status"], name="session_study_status")]

    def __str__(self) -> str:
        return f"{self.subject.code} · {self.code}"


class Original(models.Model):
    """An immutable file as it came in, addressed by its SHA-256, stored once."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    size_bytes = models.PositiveBigIntegerField()
    storage_key = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.sha256[:12]


class SessionFile(models.Model):
    session = models.ForeignKey(RecordingSession, on_delete=models.CASCADE, related_name="files")
    original = models.ForeignKey(Original, on_delete=models.PROTECT, related_name="uses")
    role = models.CharField(max_length=10, choices=FileRole.choices)
    #: the name it came with; readers need suffixes and companions by name
    name = models.CharField(max_length=255)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "name"], name="session_file_name_once")]

    def __str__(self) -> str:
        return self.name


class OriginalClaim(models.Model):
    """An import that runs will use this original: whoever deletes sessions meanwhile leaves it."""

    original = models.ForeignKey(Original, on_delete=models.CASCADE, related_name="claims")
    job = models.ForeignKey("annotator.Job", on_delete=models.CASCADE, related_name="claims")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["original", "job"], name="original_claimed_once")]

    def __str__(self) -> str:
        return f"{self.original_id[:12]} for job {self.job_id}"


class RetiredFile(models.Model):
    """A file that nothing refers to any more, until it is gone."""

    study = models.ForeignKey(Study, on_delete=models.CASCADE, related_name="retired_files")
    kind = models.CharField(max_length=8, choices=RetiredKind.choices)
    #: relative to settings.DERIVED_ROOT, or a key of the storage of originals
    path = models.CharField(max_length=255)
    retired_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.path


class Derived(models.Model):
    """Something rebuilt at will from originals: carries the version of what made it."""

    session = models.ForeignKey(RecordingSession, on_delete=models.CASCADE, related_name="derived")
    kind = models.CharField(max_length=12, choices=DerivedKind.choices)
    version = models.PositiveSmallIntegerField()
    #: relative to settings.DERIVED_ROOT
    path = models.CharField(max_length=255)
    meta = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "kind", "version"], name="derived_once_per_version")]

    def __str__(self) -> str:
        return f"{self.kind} v{self.version}"


class Trial(models.Model):
    """One stimulus within a session; a session without events is one trial."""

    session = models.ForeignKey(RecordingSession, on_delete=models.CASCADE, related_name="trials")
    number = models.PositiveIntegerField()
    start_s = models.FloatField()
    stop_s = models.FloatField()
    stimulus = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["session", "number"], name="trial_number_once")]

    def __str__(self) -> str:
        return f"trial {self.number}"


class SelfReport(models.Model):
    """What the recorded person said of the trial: a label source of its own, never shown to annotators."""

    trial = models.ForeignKey(Trial, on_delete=models.CASCADE, related_name="self_reports")
    #: as in the layout, e.g. feltArsl, feltVlnc, feltEmo
    item = models.CharField(max_length=40)
    value = models.FloatField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["trial", "item"], name="self_report_item_once")]

    def __str__(self) -> str:
        return f"{self.item} = {self.value}"
