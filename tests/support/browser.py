"""A page as Chromium shows it: every request and every fault noted, and judged by the accessibility rules of axe."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

NEEDED = "this test needs Chromium: install Debian's package 'chromium'"


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium without a window; an AssertionError names the package where it is absent.

    For one test file at a time: as long as it runs, no other test of the process can have an event loop.
    """
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    assert program, NEEDED
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


class Opened:
    """An opened page; `requests` are the addresses it asked for beyond its own file, `faults` what its console said."""

    def __init__(self, browser: Browser, path: Path, *, width: int = 1280, height: int = 900, **options: Any) -> None:
        self.browser = browser
        self.requests: list[str] = []
        self.faults: list[str] = []
        self._context = browser.new_context(
            viewport={"width": width, "height": height}, **{"reduced_motion": "reduce", **options}
        )
        self.page: Page = self._context.new_page()
        self._own = path.as_uri()
        self.page.on("request", lambda request: self._note(request.url))
        self.page.on("console", lambda message: self.faults.append(message.text))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.goto(self._own)

    def _note(self, address: str) -> None:
        if address.split("#")[0] != self._own and not address.startswith("data:"):
            self.requests.append(address)

    def close(self) -> None:
        """Closes the page and what it remembers."""
        self._context.close()


def violations(page: Page, part: str | None = None, *, colours: bool = True) -> list[str]:
    """What axe finds serious or critical on the page, or a part of it, as it is shown now."""
    options = {"resultTypes": ["violations"], "rules": {"color-contrast": {"enabled": colours}}}
    found = Axe().run(page, context=part, options=options).response["violations"]
    return [
        f"{v['id']} ({v['impact']}): {v['nodes'][0]['html'][:200]}: {v['nodes'][0]['failureSummary'][:200]}"
        for v in found
        if v["impact"] in ("serious", "critical")
    ]
