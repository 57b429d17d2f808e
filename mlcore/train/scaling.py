"""Standardisation: first within each subject without labels, then by what the training clips alone say.

Subjects differ more than emotions do: skull and cap set the EEG's amplitude, identity sets a face's features. Each
subject is therefore put on a scale of its own, signals and summaries alike, from all of its own clips and never from
its labels; the scale of one subject depends on no other, so a test subject changes nothing about training. A subject
must be scored with all of its clips at hand: with a few of them the scale is that of those few.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mlcore.nets import summarise, summary_width
from mlcore.store import ModalityKind, ModalityMeta, Store
from mlcore.train.measures import Measures, Rows, SummaryTable, batches_of, measure_subjects, n_scaled
from mlcore.train.pairs import Pair, as_json, from_json, of_each, safe
from mlcore.types import JsonObject

Floats = NDArray[np.float64]
FloatArray = NDArray[np.float32]
#: cut-off of standardised summaries: an artefact should not outweigh every other clip
SUMMARY_LIMIT = 3.0


@dataclass(frozen=True, slots=True)
class Scaler:
    """x -> clip((x − centre_subject) / (scale_subject · scale), ±limit), along the channel or feature axis.

    A waveform's channels are divided by the subject's median RMS; a sequence's features lose the subject's median (its
    resting face) and are divided by the training clips' standard deviation; a vector's lose the subject's mean and are
    divided by its standard deviation. Pictures have no scale of their own: stored as whole numbers they are divided by
    the largest one there is (255), stored as floats they stay as they are.

    Args:
        meta: what is scaled.
        by_subject: centre and scale of each known subject, (F,) each; of length 0 for pictures.
        summary_by_subject: mean and standard deviation of each known subject's summaries, (S,) each.
        scale: (F,), of the training clips.
        flag: place of a 0/1 feature that is left as it is ("found"), or None.
        limit: cut-off, in standard deviations.
        table: summaries of the store that it was fitted to; not part of what is saved.
    """

    meta: ModalityMeta
    by_subject: Mapping[str, Pair]
    summary_by_subject: Mapping[str, Pair]
    scale: Floats
    flag: int | None
    limit: float
    table: SummaryTable | None = field(default=None, repr=False, compare=False)

    def apply(self, x: NDArray[Any], subjects: Iterable[str]) -> FloatArray:
        """Standardise clips (n, *shape) of the given subjects (n,); steps without data stay zero."""
        if self.meta.kind is ModalityKind.FRAMES:
            return _brightness(x)
        centre, own_scale = of_each(self.by_subject, subjects)
        if not len(x):
            return np.zeros(x.shape, dtype=np.float32)
        out = np.asarray(x, dtype=np.float32)
        if self.meta.kind is not ModalityKind.WAVEFORM:  # whose centre is 0
            out = out - self._along(centre)
        out = out / self._along(own_scale * self.scale)
        np.clip(out, -self.limit, self.limit, out=out)
        holds_data = x.any(axis=-1, keepdims=True)  # channels or steps; zeros are how stores write what is missing
        if not holds_data.all():
            out *= holds_data
        return out

    def summaries(self, x: NDArray[Any], subjects: Iterable[str]) -> FloatArray:
        """Standardised summaries (n, S) of stored clips; zero, the subject's mean, where there is no data."""
        return self.standard(summarise(x, self.meta), subjects)

    def known_summaries(self, store: Store, rows: Rows) -> FloatArray | None:
        """Standardised summaries (n, S) of rows of a store, where they were computed while the scaler was fitted."""
        return None if self.table is None else self.table.of(store, rows)

    def standard(self, summaries: Floats, subjects: Iterable[str]) -> FloatArray:
        """Standardise summaries (n, S), NaN = no data.

        z = clip((s − mean_subject) / std_subject, ±SUMMARY_LIMIT), mean and spread over all of the subject's clips.
        """
        if not len(summaries):
            return summaries.astype(np.float32)
        mean, spread = of_each(self.summary_by_subject, subjects)
        z = np.clip((summaries - mean) / spread, -SUMMARY_LIMIT, SUMMARY_LIMIT)
        return np.asarray(np.nan_to_num(z, nan=0.0), dtype=np.float32)

    def _along(self, values: Floats) -> FloatArray:
        """(n, F) so that it meets the clips' channel or feature axis."""
        single = values.astype(np.float32)
        if self.meta.kind is ModalityKind.WAVEFORM:
            return single[:, :, None]
        return single[:, None, :] if self.meta.kind is ModalityKind.SEQUENCE else single

    def knowing(self, store: Store, modality: str, subjects: Iterable[str]) -> Scaler:
        """The same scaler, with the subjects that it does not know yet measured in the store."""
        unknown = sorted({str(one) for one in subjects} - set(self.summary_by_subject))
        return self.told(dict(measure_subjects(store, modality, unknown, flag=self.flag))) if unknown else self

    def told(self, measured: Mapping[str, Measures]) -> Scaler:
        """The same scaler, knowing further subjects."""
        return replace(
            self,
            by_subject={**self.by_subject, **{name: one.signal for name, one in measured.items()}},
            summary_by_subject={**self.summary_by_subject, **{name: one.summary for name, one in measured.items()}},
        )

    def to_json(self) -> JsonObject:
        """Plain lists; `from_json` reads them back exactly."""
        return {
            "meta": self.meta.to_json(),
            "by_subject": as_json(self.by_subject),
            "summary_by_subject": as_json(self.summary_by_subject),
            "scale": self.scale.tolist(),
            "flag": self.flag,
            "limit": self.limit,
        }

    @classmethod
    def from_json(cls, item: Mapping[str, Any]) -> Self:
        """Read what `to_json` wrote."""
        return cls(
            meta=ModalityMeta.from_json(item["meta"]),
            by_subject=from_json(item["by_subject"]),
            summary_by_subject=from_json(item["summary_by_subject"]),
            scale=np.array(item["scale"], dtype=np.float64),
            flag=item["flag"],
            limit=float(item["limit"]),
        )


def fit_scaler(store: Store, modality: str, *, train_rows: Rows, subjects: Iterable[str], limit: float) -> Scaler:
    """Measure the given subjects, then the training clips; the summaries that this takes are kept beside the scaler.

    Args:
        store: the clips.
        modality: which.
        train_rows: rows that may set the common scale; those without the modality are passed over.
        subjects: everyone whose clips will be read.
        limit: cut-off, in standard deviations.
    """
    meta = store.meta.modalities[modality]
    flag = meta.channels.index("found") if "found" in meta.channels else None
    scaler = Scaler(meta, {}, {}, np.ones(n_scaled(meta)), flag, np.inf)
    values = np.zeros((store.n_clips, summary_width(meta)), dtype=np.float32)
    everyone, known = sorted({str(one) for one in subjects}), dict[str, Measures]()
    for name, found in measure_subjects(store, modality, everyone, flag=flag):
        known[name] = replace(found, summaries=found.summaries[:0])
        alone = scaler.told({name: found})
        values[found.rows] = alone.standard(found.summaries, np.full(len(found.rows), name))
    scaler = scaler.told(known)
    if meta.kind is ModalityKind.SEQUENCE:
        scaler = replace(scaler, scale=_spread(scaler, store, modality, train_rows))
    return replace(scaler, limit=limit, table=SummaryTable(store, np.isin(store.subjects, everyone), values))


def _spread(plain: Scaler, store: Store, modality: str, rows: Rows) -> Floats:
    """Standard deviation of the centred features over the training clips' steps (F,)."""
    rows, subjects = rows[store.present(modality)[rows]], store.subjects
    squares, n_steps = np.zeros(len(plain.scale)), 0
    for batch in batches_of(len(rows)):
        clips = plain.apply(store.gather(modality, rows[batch]), subjects[rows[batch]])
        steps = clips.reshape(-1, clips.shape[-1]).astype(np.float64)
        squares += (steps**2).sum(axis=0)
        n_steps += int(steps.any(axis=1).sum())
    return safe(np.sqrt(squares / max(n_steps, 1)), plain.flag)


def _brightness(x: NDArray[Any]) -> FloatArray:
    """Pictures as floats: whole numbers as 0..1."""
    pictures = np.asarray(x, dtype=np.float32)
    return pictures / np.float32(np.iinfo(x.dtype).max) if x.dtype.kind in "iu" else pictures.copy()
