"""Running sums that start anew in every stratum, without a loop over the strata that are short."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from neurohlh.stats.columns import Bools, Floats, Ints

_SHORT = 64  # segments up to this length are summed together, padded to the next power of two


@dataclass(frozen=True)
class Segments:
    """Consecutive segments of one axis. Only additions within a segment occur, so none loses digits to another.

    Attributes
    ----------
    long : (start, stop) of the segments that are summed one by one.
    padded : positions (segments, width) of those summed together, and which of them are padding.
    """

    long: tuple[tuple[int, int], ...]
    padded: tuple[tuple[Ints, Bools], ...]

    @classmethod
    def of(cls, starts: Ints) -> Segments:
        """The segments between consecutive `starts` (the last one is where the axis ends)."""
        if len(starts) == 2:
            return cls(((int(starts[0]), int(starts[1])),), ())
        first, length = np.asarray(starts[:-1]), np.diff(starts)
        apart = length > _SHORT
        long = tuple(zip(first[apart].tolist(), (first + length)[apart].tolist(), strict=True))
        padded, width = [], 2
        while width <= _SHORT:
            inside = (length > width // 2) & (length <= width)
            if inside.any():
                steps = np.arange(width)
                padding = steps >= length[inside, None]
                padded.append((np.where(padding, 0, first[inside, None] + steps), padding))
            width *= 2
        return cls(long, tuple(padded))

    def forward(self, values: Floats) -> Floats:
        """For each place the sum of `values` from the start of its segment up to it (in place)."""
        for start, stop in self.long:
            np.cumsum(values[start:stop], axis=0, out=values[start:stop])
        for places, padding in self.padded:
            block = values[places]
            block[padding] = 0
            values[places[~padding]] = np.cumsum(block, axis=1)[~padding]
        return values

    def backward(self, values: Floats) -> Floats:
        """For each place the sum of `values` from it to the end of its segment (in place)."""
        for start, stop in self.long:
            reverse = values[start:stop][::-1]
            np.cumsum(reverse, axis=0, out=reverse)
        for places, padding in self.padded:
            block = values[places]
            block[padding] = 0
            values[places[~padding]] = np.cumsum(block[:, ::-1], axis=1)[:, ::-1][~padding]
        return values
