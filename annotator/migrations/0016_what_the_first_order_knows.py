from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('annotator', '0015_claims_walk_by_index'),
    ]

    operations = [
        migrations.AddField(
            model_name='ranking',
            name='pool_seen',
            field=models.CharField(blank=True, max_length=64),
        ),
    ]
