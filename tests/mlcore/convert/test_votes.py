"""CREMA-D's votes as a store: in miniature, and the real table against its own columns and the paper."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from mlcore.convert.vote_store import convert_votes
from mlcore.convert.votes import CLASSES, SENTENCES
from mlcore.errors import LayoutError
from mlcore.store import UNLABELLED, Store, open_store
from tests.factories.shared import shared_file
from tests.factories.votes import CLIPS, LETTERS, write_votes

#: Cao et al. 2014: how often the intended emotion was heard, seen, and both
RECOGNISED = {"voice": 0.409, "face": 0.582, "both": 0.636}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, list[dict[str, str]]]:
    path = shared_file("labels", "crema-d", "tabulatedVotes.csv")
    store = tmp_path_factory.mktemp("crema") / "store"
    convert_votes(path, store)
    with path.open(newline="") as file:
        return open_store(store), list(csv.DictReader(file))


def test_votes_become_vectors_and_soft_labels(tmp_path: Path) -> None:
    summary = convert_votes(write_votes(tmp_path / "votes.csv"), tmp_path / "store")
    store = open_store(tmp_path / "store")
    assert store.clip_ids.tolist() == list(CLIPS)
    assert store.subjects.tolist() == ["1001", "1001", "1002"]
    assert [SENTENCES[trial - 1] for trial in store.trials] == ["IEO", "WSI", "DFA"]
    for group, modality in enumerate(("voice", "face")):
        said = [votes[group] for votes in CLIPS.values()]
        shares = [[votes.count(letter) / len(votes) for letter in LETTERS] for votes in said]
        intensities = [[0.5 * (letter in votes) for letter in LETTERS] for votes in said]
        expected = np.hstack([shares, intensities, [[len(votes)] for votes in said]])
        np.testing.assert_allclose(store.gather(modality, [0, 1, 2]), expected, rtol=1e-6)
    both = [votes[2] for votes in CLIPS.values()]
    np.testing.assert_allclose(
        store.target("emotion_votes"), [[votes.count(letter) / len(votes) for letter in LETTERS] for votes in both]
    )
    assert store.target("emotion").tolist() == [0, UNLABELLED, 3]
    assert store.target("intended").tolist() == [0, 5, 3]
    assert summary["unlabelled"] == {"emotion": {"the vote was tied": 1}}
    assert convert_votes(tmp_path / "votes.csv", tmp_path / "store")["already_there"] == 2


def test_the_table_is_found_in_its_folder(tmp_path: Path) -> None:
    with pytest.raises(LayoutError, match=r"there is no tabulatedVotes\.csv in the folder"):
        convert_votes(tmp_path, tmp_path / "store")
    (tmp_path / "processed").mkdir()
    write_votes(tmp_path / "processed" / "tabulatedVotes.csv")
    assert convert_votes(tmp_path, tmp_path / "store")["clips"] == 3


def test_the_real_table_gives_every_clip_once(real: tuple[Store, list[dict[str, str]]]) -> None:
    store, rows = real
    assert (store.n_clips, len(set(store.subjects)), len(rows)) == (7442, 91, 3 * 7442)
    assert set(store.clip_ids) == {row["fileName"] for row in rows}
    classes = np.array(CLASSES)
    expected = {row["fileName"]: row["emoVote"] for row in rows if row[""].startswith("3")}
    majority = store.target("emotion")
    letters = np.array([name[0].upper() for name in CLASSES])
    for row, clip_id in enumerate(store.clip_ids):
        vote = expected[str(clip_id)]
        assert majority[row] == UNLABELLED if ":" in vote else letters[majority[row]] == vote
    assert int((majority == UNLABELLED).sum()) == 420
    codes = [str(clip_id).split("_")[2].lower() for clip_id in store.clip_ids]
    assert [str(name)[:3] for name in classes[store.target("intended")]] == codes


def test_the_leading_digit_tells_who_voted(real: tuple[Store, list[dict[str, str]]]) -> None:
    store, rows = real
    groups = {"1": "voice", "2": "face", "3": "both"}
    right, votes = Counter[str](), Counter[str]()
    for row in rows:
        group, intended = groups[row[""][0]], row["fileName"].split("_")[2][0]
        right[group] += int(row[intended])
        votes[group] += int(row["numResponses"])
    for group, published in RECOGNISED.items():
        # the paper cleaned its raters once more; the groups lie 5 points and more apart
        assert right[group] / votes[group] == pytest.approx(published, abs=0.012)
    meant = store.target("intended")
    for modality in ("voice", "face"):
        features = store.gather(modality, np.arange(store.n_clips))
        assert features[:, -1].sum() == votes[modality]
        share = (features[np.arange(store.n_clips), meant] * features[:, -1]).sum() / features[:, -1].sum()
        assert share == pytest.approx(right[modality] / votes[modality], abs=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("fileName", "name"), "'fileName' is missing"),
        (lambda text: text.replace('"300001"', '"400001"'), "line 8 is no row of votes"),
        (lambda text: text.replace('"300001"', '"200001"'), "gives a second row of face for 1001_IEO_ANG_HI"),
        (lambda text: text.replace("1001_IEO_ANG_HI", "1001_IEO_JOY_HI"), "'1001_IEO_JOY_HI' is not an actor"),
        (lambda text: "\n".join(text.splitlines()[:7]), "has votes of face, voice alone; expected all three"),
    ],
)
def test_another_table_is_refused(tmp_path: Path, change: object, message: str) -> None:
    assert callable(change)
    path = write_votes(tmp_path / "votes.csv")
    path.write_text(change(path.read_text()))
    with pytest.raises(LayoutError, match=message):
        convert_votes(path, tmp_path / "store")
