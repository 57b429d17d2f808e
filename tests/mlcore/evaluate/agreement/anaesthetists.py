"""Table 1 of Dawid & Skene 1979: 45 patients' fitness for anaesthesia in four grades, as five observers saw it.

A row is a patient, in the paper's order: three answers of observer 1, then one each of observers 2, 3, 4 and 5.
"""

from __future__ import annotations

from mlcore.evaluate.agreement import Votes, votes_of

ROWS = """
1111111 3334334 1122122 2223121 2223222 2223322 1222111 3333433 2222223
2322223 4444444 2223343 1111111 2223212 1211111 1112111 1111111 1111111
2222221 2221322 2222222 2222221 2223222 2212222 1111111 1111111 2322222
1111111 1111111 1121121 1111111 3333233 1111111 2222222 2223232 4334343
2212232 2323233 3333432 1111111 1111111 1212111 2322222 1211111 2222222
"""
_OBSERVERS = (0, 0, 0, 1, 2, 3, 4)


def anaesthetists() -> Votes:
    rows = [
        (patient, observer, int(grade) - 1)
        for patient, grades in enumerate(ROWS.split())
        for observer, grade in zip(_OBSERVERS, grades, strict=True)
    ]
    return votes_of(rows, n_clips=45, n_annotators=5, n_classes=4)
