"""What Python raises when it reads a zip archive that is damaged, encrypted, or packed in a way it does not know."""

from __future__ import annotations

import lzma
import zipfile
import zlib
from typing import Final

# RuntimeError is an encrypted entry, and as its subclass for what is not implemented a compression that Python lacks.
DAMAGE: Final = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError)
