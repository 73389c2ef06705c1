"""The events that take something back: ids, numbers and the reason, no contents.

Source: `schemas/decision.md`, "Taking back", "Erasing".
"""

from schemas import klantcontact_withdrawn_v1, partij_withdrawn_v1, taak_withdrawn_v1
from schemas.contact_ended_v1 import CodeSoortObjectId
from services.domain.besluit import Intrekking, KlantcontactIntrekking, PartijIntrekking, TaakIntrekking
from services.domain.changed import name_of_change
from services.domain.envelope import Event, Sender
from services.domain.ids import taak_id
from services.domain.streams import Stream


def withdrawn(sender: Sender, intrekking: Intrekking) -> Event:
    """Return the event of something that is taken back."""
    match intrekking:
        case KlantcontactIntrekking():
            return _klantcontact_withdrawn(sender, intrekking)
        case TaakIntrekking():
            return _taak_withdrawn(sender, intrekking)
        case PartijIntrekking():
            return _partij_withdrawn(sender, intrekking)


def _klantcontact_withdrawn(sender: Sender, intrekking: KlantcontactIntrekking) -> Event:
    had = sender.besluit.numbers_of(intrekking.onderwerp_id)
    assert had is not None, "what is taken back was handed out"
    data = {
        "klantcontactId": had.klantcontact_id,
        "nummer": had.klantcontact_nummer,
        "verplaatst": intrekking.verplaatst,
        **sender.why_back(intrekking, intrekking.onderwerp_id),
    }
    return sender.event(
        intrekking.stream,
        klantcontact_withdrawn_v1,
        had.klantcontact_id,
        had.klantcontact_id,
        data,
        since=intrekking.aanleiding,
        named=f"{had.klantcontact_id}.{intrekking.stream}",
    )


def _taak_withdrawn(sender: Sender, intrekking: TaakIntrekking) -> Event:
    besluit, had = sender.besluit, sender.besluit.numbers_of(intrekking.onderwerp_id)
    assert had is not None, "what is taken back was handed out"
    subject = taak_id(besluit.source, besluit.contact_id, intrekking.onderwerp_id)
    data = {
        "taakId": subject,
        "klantcontactId": had.klantcontact_id,
        "nummer": had.taak_nummer,
        "verplaatst": intrekking.verplaatst,
        **sender.why_back(intrekking, intrekking.onderwerp_id),
    }
    return sender.event(
        intrekking.stream,
        taak_withdrawn_v1,
        subject,
        had.klantcontact_id,
        data,
        since=intrekking.aanleiding,
        named=f"{subject}.{intrekking.stream}",
    )


def _partij_withdrawn(sender: Sender, intrekking: PartijIntrekking) -> Event:
    data = {
        "partijId": intrekking.partij_id,
        "nummer": intrekking.nummer,
        "versie": intrekking.versie,
        "geleegdBij": intrekking.geleegd_bij,
        "resultaat": intrekking.resultaat,
        "vervallenIdentificatoren": identificator_kinds(intrekking.vervallen_soorten),
        **sender.why_back(intrekking, None),
    }
    partij_id, besluit = intrekking.partij_id, sender.besluit
    return sender.event(
        Stream.REGISTERED,
        partij_withdrawn_v1,
        partij_id,
        None,
        data,
        since=intrekking.aanleiding,
        named=name_of_change(partij_id) if besluit.is_change else None,
    )


def identificator_kinds(kinds: tuple[str, ...]) -> list[str]:
    """Return the kinds of identificator only. The link of a contactpersoon is none, so it can't fall away."""
    return [kind for kind in kinds if kind in list(CodeSoortObjectId)]
