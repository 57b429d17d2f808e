"""A loop's clips as its fast model reads them: computed once a split, so that a step costs little."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.simulate.loop.material import Material
from mlcore.simulate.loop.split import Split

Floats = NDArray[np.float64]
#: dimensions of the space in which strategies see how clips lie
EMBEDDING_SIZE = 24
#: a clip's neighbourhood reaches as far as its so-many-th neighbour, in the median
N_NEIGHBOURS = 10


@dataclass(frozen=True, slots=True)
class Alone:
    """One modality of the pool's clips.

    Args:
        x: (n, S) features times quality: what can't be trusted is shrunk towards the subject's mean.
        quality: (n,) NaN where the clip lacks the modality.
        kernel: (n, n) how near each two clips are, 0..1.
    """

    x: Floats
    quality: Floats
    kernel: Floats


@dataclass(frozen=True, slots=True)
class Features:
    """Pool (n) and test (m) clips.

    Args:
        joint: (n, S) all modalities side by side, each times its quality.
        joint_test: (m, S)
        by_modality: of the pool.
        trust: (n,) the best modality's quality.
        kernel: (n, n) how near each two clips of the pool are in the embedding.
        embedding: (n, D) principal components of the pool's joint features.
        group: (n,) codes of what test and pool do not share: people, or trials.
    """

    joint: Floats
    joint_test: Floats
    by_modality: Mapping[str, Alone]
    trust: Floats
    kernel: Floats
    embedding: Floats
    group: NDArray[np.int64]

    @property
    def n_pool(self) -> int:
        """n."""
        return len(self.joint)


def prepare(material: Material, split: Split) -> Features:
    """What the fast model needs of a split's clips; test clips take no part in anything but their own row."""
    trusted = {
        name: x * np.nan_to_num(material.quality[name], nan=0.0)[:, None] for name, x in material.features.items()
    }
    joint = np.concatenate(list(trusted.values()), axis=1)
    embedding = principal_components(joint[split.pool], size=EMBEDDING_SIZE)
    quality = {name: values[split.pool] for name, values in material.quality.items()}
    return Features(
        joint=joint[split.pool],
        joint_test=joint[split.test],
        by_modality={
            name: Alone(
                x[split.pool], quality[name], gaussian_kernel(principal_components(x[split.pool], size=EMBEDDING_SIZE))
            )
            for name, x in trusted.items()
        },
        trust=np.nan_to_num(np.stack(list(quality.values())), nan=0.0).max(axis=0),
        kernel=gaussian_kernel(embedding),
        embedding=embedding,
        group=split.group,
    )


def principal_components(x: Floats, *, size: int) -> Floats:
    """(n, S) -> (n, ≤ size): the directions of most variance, each with a fixed sign."""
    centred = x - x.mean(axis=0)
    u, s, _ = np.linalg.svd(centred, full_matrices=False)
    out = u[:, :size] * s[:size]
    signs = np.sign(out[np.abs(out).argmax(axis=0), np.arange(out.shape[1])])
    return np.asarray(out * np.where(signs == 0, 1.0, signs))


def gaussian_kernel(x: Floats) -> Floats:
    """exp(−d²/2h²) of all pairs (n, n), h the median distance to the 10th neighbour."""
    squares = (x**2).sum(axis=1)
    d2 = np.maximum(squares[:, None] + squares[None] - 2.0 * x @ x.T, 0.0)
    nth = min(N_NEIGHBOURS, len(x) - 1)
    h2 = float(np.median(np.partition(d2, nth, axis=1)[:, nth]))
    return np.asarray(np.exp(-d2 / (2.0 * max(h2, 1e-12))))
