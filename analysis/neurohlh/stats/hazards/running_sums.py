"""Running sums that start anew in every stratum, without a loop over the strata that are short."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurohlh.stats.columns import Floats, Ints

_SHORT = 64  # segments up to this length are summed together, padded to one width
_WASTE = 3  # padding is accepted up to this multiple; beyond, widths are powers of two


@dataclass(frozen=True)
class _Padded:
    """Short segments side by side: where each place is read from, which results are real, and where they belong."""

    read: Ints
    real: Ints
    write: Ints

    def sums(self, values: Floats) -> None:
        block = np.cumsum(values[self.read], axis=1)
        values[self.write] = block.reshape(-1, *values.shape[1:])[self.real]


@dataclass(frozen=True)
class Segments:
    """Consecutive segments of one axis. Only additions within a segment occur, so none loses digits to another.

    Attributes
    ----------
    long : (start, stop) of the segments that are summed one by one.
    onward, back : the short ones, read from their start and from their end; segments of one place need no sums.
    """

    long: tuple[tuple[int, int], ...]
    onward: tuple[_Padded, ...]
    back: tuple[_Padded, ...]

    @classmethod
    def of(cls, starts: Ints) -> Segments:
        """The segments between consecutive `starts` (the last one is where the axis ends)."""
        if len(starts) == 2:
            return cls(((int(starts[0]), int(starts[1])),), (), ())
        first, length = np.asarray(starts[:-1]), np.diff(starts)
        apart = length > _SHORT
        long = tuple(zip(first[apart].tolist(), (first + length)[apart].tolist(), strict=True))
        short = (length > 1) & ~apart
        first, length = first[short], length[short]
        widths = np.maximum(1 << np.ceil(np.log2(np.maximum(length, 2))).astype(np.intp), 2)
        if len(length) and length.max() * len(length) <= _WASTE * length.sum():
            widths[:] = length.max()
        onward: list[_Padded] = []
        back: list[_Padded] = []
        for width in np.unique(widths):
            begin, size, steps = first[widths == width, None], length[widths == width, None], np.arange(width)
            inside = steps < size
            real = np.flatnonzero(inside)
            for found, read in ((onward, begin + steps), (back, begin + size - 1 - steps)):
                found.append(_Padded(np.where(inside, read, begin), real, read[inside]))
        return cls(long, tuple(onward), tuple(back))

    def forward(self, values: Floats) -> Floats:
        """For each place the sum of `values` from the start of its segment up to it (in place)."""
        for start, stop in self.long:
            np.cumsum(values[start:stop], axis=0, out=values[start:stop])
        for padded in self.onward:
            padded.sums(values)
        return values

    def backward(self, values: Floats) -> Floats:
        """For each place the sum of `values` from it to the end of its segment (in place)."""
        for start, stop in self.long:
            reverse = values[start:stop][::-1]
            np.cumsum(reverse, axis=0, out=reverse)
        for padded in self.back:
            padded.sums(values)
        return values
