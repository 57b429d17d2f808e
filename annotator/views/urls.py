"""The addresses of the pages."""

from __future__ import annotations

from django.urls import path

from annotator.views import (
    acquisition,
    calibration,
    clocks,
    deletion,
    exports,
    first_hour,
    imports,
    label,
    media,
    onboarding,
    people,
    quality,
    rounds,
    sessions,
    studies,
)

STUDY = "studies/<slug:slug>/"

urlpatterns = [
    path("", studies.study_list, name="studies"),
    path("studies/new/", studies.study_new, name="study_new"),
    path(STUDY, studies.study_detail, name="study"),
    path(STUDY + "scheme/", studies.study_scheme, name="study_scheme"),
    path(STUDY + "acquisition/", acquisition.acquisition_settings, name="acquisition"),
    path(STUDY + "onboarding/", onboarding.onboarding, name="onboarding"),
    path(STUDY + "onboarding/clips/new/", onboarding.teaching_new, name="teaching_new"),
    path(STUDY + "onboarding/clips/<int:item_id>/", onboarding.teaching_edit, name="teaching_edit"),
    path(STUDY + "onboarding/clips/<int:item_id>/remove/", onboarding.teaching_remove, name="teaching_remove"),
    path(STUDY + "first-hour/", first_hour.first_hour, name="first_hour"),
    path(STUDY + "first-hour/examples/<int:place>/", first_hour.example, name="example"),
    path(STUDY + "label/", label.workbench, name="label"),
    path(STUDY + "calibration/", calibration.calibration, name="calibration"),
    path(STUDY + "clips/<int:clip_id>/", label.workbench, name="clip"),
    path(STUDY + "sessions/", sessions.session_list, name="sessions"),
    path(STUDY + "sessions/table/", sessions.sessions_table, name="sessions_table"),
    path(STUDY + "sessions/quality/", quality.quality, name="quality"),
    path(STUDY + "sessions/quality/clips/<int:clip_id>/verdict/", quality.clip_verdict, name="clip_verdict"),
    path(
        STUDY + "sessions/quality/sessions/<int:session_id>/verdict/", quality.session_verdict, name="session_verdict"
    ),
    path(STUDY + "sessions/<int:session_id>/", sessions.session_detail, name="session"),
    path(STUDY + "sessions/<int:session_id>/video", media.session_video, name="session_video"),
    path(STUDY + "sessions/<int:session_id>/work/", sessions.session_work, name="session_work"),
    path(STUDY + "sessions/<int:session_id>/sync/", clocks.session_sync, name="session_sync"),
    path(STUDY + "sessions/<int:session_id>/sync/clear/", clocks.sync_clear, name="sync_clear"),
    path(STUDY + "sessions/<int:session_id>/channels/", clocks.bad_channels, name="bad_channels"),
    path(STUDY + "sessions/<int:session_id>/delete/", deletion.session_delete, name="session_delete"),
    path(STUDY + "import/", imports.import_, name="import"),
    path(STUDY + "import/<int:job_id>/cancel/", imports.import_cancel, name="import_cancel"),
    path(STUDY + "rounds/", rounds.round_list, name="rounds"),
    path(STUDY + "rounds/table/", rounds.rounds_table, name="rounds_table"),
    path(STUDY + "rounds/start/", rounds.round_start, name="round_start"),
    path(STUDY + "rounds/curve.json", rounds.learning_curve, name="learning_curve"),
    path(STUDY + "rounds/roll-back/", rounds.round_roll_back, name="round_roll_back"),
    path(STUDY + "rounds/<int:number>/", rounds.round_detail, name="round"),
    path(STUDY + "rounds/<int:number>/cancel/", rounds.round_cancel, name="round_cancel"),
    path(STUDY + "rounds/<int:number>/promote/", rounds.round_promote, name="round_promote"),
    path(STUDY + "rounds/<int:number>/loss.json", rounds.loss_history, name="loss_history"),
    path(STUDY + "rounds/<int:number>/audit.json", rounds.audit_curve, name="audit_curve"),
    path(STUDY + "exports/", exports.export_list, name="exports"),
    path(STUDY + "exports/table/", exports.exports_table, name="exports_table"),
    path(STUDY + "exports/<int:export_id>/file", exports.export_download, name="export_download"),
    path(STUDY + "people/", people.people_list, name="people"),
    path(STUDY + "people/<int:member_id>/remove/", people.member_remove, name="member_remove"),
    path(STUDY + "people/<int:member_id>/password/", people.member_password, name="member_password"),
    path("account/", people.account, name="account"),
    path("account/password/", people.password_change, name="password_change"),
    path("account/tokens/", people.token_issue, name="token_issue"),
    path("account/tokens/<int:token_id>/revoke/", people.token_revoke, name="token_revoke"),
]
