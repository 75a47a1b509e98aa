"""Where the embedded engine finds a folder whose path holds more than letters, digits and a few signs.

Sail takes a path for a URL and looks for the file `my%20work` where the folder is `my work`; a link with a plain name
leads it there. What delta-rs itself cannot open, whatever leads there, is refused.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from worklake.errors import LakeError

_PLAIN = re.compile(r"[A-Za-z0-9/._+=,:;@&()'~-]*")
_NEVER = re.compile(r"[\[\]|\\^]|%[0-9A-Fa-f]{2}")


class Place:
    """A folder by a path that the engine can use, until `close`. Raises `LakeError` where there is none."""

    def __init__(self, folder: Path) -> None:
        text = str(folder)
        never = _NEVER.search(text)
        if never:
            raise LakeError(
                f"The embedded engine cannot keep a lake in {text}: the path has {never.group()!r} in it."
                " Move the project, or name another folder with lake: {path: …} in conf/worklake.yml."
            )
        self._link: tempfile.TemporaryDirectory[str] | None = None
        self.path = folder
        if not _PLAIN.fullmatch(text):
            self._link = tempfile.TemporaryDirectory(prefix="worklake-")
            self.path = Path(self._link.name) / "lake"
            self.path.symlink_to(folder, target_is_directory=True)

    def close(self) -> None:
        """Take the link away, if there is one."""
        if self._link is not None:
            self._link.cleanup()
