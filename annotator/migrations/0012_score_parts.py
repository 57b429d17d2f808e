from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('annotator', '0011_find_superseded_clips'),
    ]

    operations = [
        migrations.AlterField(
            model_name='job',
            name='kind',
            field=models.CharField(choices=[('import', 'Import of a source'), ('import_session', 'Import of one session'), ('round', 'Retraining round'), ('score_part', 'Scoring a part of the pool'), ('export', 'Export')], max_length=16),
        ),
    ]
