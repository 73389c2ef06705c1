"""The checks of the intake: the channels file and the secrets that it names."""

from collections.abc import Iterator

from services.channels.channels_file import has_no_channels, load_channels
from services.channels.intake.gate import channel_secrets, exposed_secrets
from services.operations.checks import Check, failed
from services.operations.wording import counted
from services.runtime.errors import InvalidSettings
from services.runtime.secret import READABLE_ADVICE
from services.runtime.settings import Settings


def intake_checks(settings: Settings) -> Iterator[Check]:
    """Check what the intake reads at its start. Yields nothing where there are no channels."""
    if has_no_channels(settings):
        return
    try:
        proven = {naam: kanaal for naam, kanaal in load_channels(settings).items() if kanaal.authenticatie is not None}
        for naam, kanaal in proven.items():
            channel_secrets(settings, naam, kanaal)
    except InvalidSettings as error:
        yield failed("intake", error)
        return
    yield Check(name="intake", ok=True, found=f"{counted(len(proven), 'channel')} with a secret that can be read")
    for file in exposed_secrets(settings, proven):
        yield Check(name="secrets", ok=True, found=f"{file} is readable by others", advice=READABLE_ADVICE)
