"""Policies that differ from the default, each in one choice."""

from typing import Final

from services.domain.policy import SUFFICIENT_BY_DEFAULT, Beleid, ZonderIdentificator

STRICT: Final = Beleid(versie="zonder digid", voldoende_middelen={"dossier": "*"})
LOOSE: Final = Beleid(
    versie="ook controlevragen", voldoende_middelen=dict.fromkeys((*SUFFICIENT_BY_DEFAULT, "controlevragen"), "*")
)
TURNED: Final = Beleid(versie="controlevragen in plaats van digid", voldoende_middelen={"controlevragen": "*"})
OWN_WORDS: Final = Beleid(versie="Engels", standaard_taal="eng")
ONLY_FOUND: Final = Beleid(versie="vindbaar", zonder_externe_identificator=ZonderIdentificator.NIET_GEKEND)

POLICIES: Final = [STRICT, LOOSE, TURNED, OWN_WORDS, ONLY_FOUND]
