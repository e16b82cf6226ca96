"""How long each step takes, shown as a bar on a terminal or in a notebook, and as plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm
from tqdm.auto import tqdm as tqdm_auto

DELAY = 2.0
"""Seconds before a bar appears: what is done sooner needs none."""

_FORMAT = "{desc}: {percentage:3.0f}%|{bar}| {elapsed}{postfix}"

Advance = Callable[[str], None]
"""Tells that a part of the step begins, by its name."""


class Clock:
    """Seconds per step.

    `shown` None: bars where somebody watches (a terminal, a notebook), silence elsewhere; True: also plain lines where
    nobody watches; False: silence. `say` puts the names of steps and parts into the language of the reader.
    """

    def __init__(self, shown: bool | None = False, say: Callable[[str], str] = str) -> None:
        self._say = say
        self.bars = shown is not False and (sys.stderr.isatty() or in_notebook())
        self.lines = bool(shown) and not self.bars
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, step: str, parts: int = 1) -> Iterator[Advance]:
        """Time one step of so many `parts`; what it yields is called with the name of each part as it begins."""
        start = time.perf_counter()
        bar = tqdm_auto if in_notebook() else tqdm
        looks = {"bar_format": _FORMAT, "delay": DELAY, "leave": False, "disable": not self.bars}
        with bar(total=parts, desc=self._say(step), **looks) as shown:
            begun = 0

            def advance(part: str) -> None:
                nonlocal begun
                shown.update(1 if begun else 0)
                shown.set_postfix_str(self._say(part), refresh=time.perf_counter() - start >= DELAY)
                begun += 1

            yield advance
            shown.update(parts - shown.n)
        self.seconds[step] = time.perf_counter() - start
        if self.lines:
            print(f"{self._say(step)}: {self.seconds[step]:.1f} s", file=sys.stderr)  # noqa: T201


def in_notebook() -> bool:
    """Whether this runs in a Jupyter kernel."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return type(shell).__name__ == "ZMQInteractiveShell"
