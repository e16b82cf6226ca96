"""What a number was computed with: versions of the software, fingerprints of the input."""

from __future__ import annotations

import platform
from importlib import metadata

_LIBRARIES = ("numpy", "pandas", "scipy", "statsmodels", "lifelines", "narwhals", "pyarrow", "matplotlib")


def versions() -> dict[str, str]:
    """Name -> version of this package, Python and the libraries that compute or draw."""
    found = {"neurohlh": metadata.version("neurohlh"), "python": platform.python_version()}
    return found | {name: metadata.version(name) for name in _LIBRARIES}
