"""Texts in one spelling: Unicode forms, accents, white space, case."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Literal, final

UnicodeForm = Literal["NFC", "NFKC"]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Normalisation:
    """What is made the same before texts are cut.

    Attributes:
        form: `NFC` makes composed and decomposed letters one; `NFKC` also signs that only look different, such as
            ligatures, full-width letters and raised numbers (Unicode Standard Annex 15).
        accents: whether they are kept; without them é is e.
        spaces: whether white space is kept as it is; else each run of it is one space, and none stands at the ends.
        lower: whether letters are lowered.
    """

    form: UnicodeForm = "NFC"
    accents: bool = True
    spaces: bool = True
    lower: bool = True

    def __call__(self, text: str) -> str:
        """A text in that spelling.

        >>> Normalisation(form="NFKC", accents=False, spaces=False)("  Café  ﬁn ")
        'cafe fin'
        """
        text = unicodedata.normalize(self.form, text)
        if not self.accents:
            parts = unicodedata.normalize("NFD", text)
            bare = "".join(part for part in parts if unicodedata.category(part) != "Mn")
            text = unicodedata.normalize(self.form, bare)
        if not self.spaces:
            text = " ".join(text.split())
        return text.lower() if self.lower else text
