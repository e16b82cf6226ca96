"""How long each step takes, shown as a bar on a terminal and as plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm


class Clock:
    """Seconds per step; `shown` tells the steps on standard error while they run."""

    def __init__(self, shown: bool) -> None:
        self.shown = shown
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, step: str) -> Iterator[None]:
        """Time one step."""
        start = time.perf_counter()
        with tqdm(desc=step, bar_format="{desc} {elapsed}", disable=not (self.shown and sys.stderr.isatty())):
            yield
        self.seconds[step] = time.perf_counter() - start
        if self.shown and not sys.stderr.isatty():
            print(f"{step}: {self.seconds[step]:.1f} s", file=sys.stderr)  # noqa: T201
