"""The kinds of outcome, as logs, metrics and traces name them."""

from services.domain.outcome import FAILED, OUTCOMES, Declined, Erased, Executed, Failed, Published, Refused, Skipped


def test_every_kind_has_a_name_of_its_own_and_is_listed() -> None:
    names = [each.name for each in OUTCOMES]
    assert len(set(names)) == len(names)
    assert set(names) == {each.name for shape in (Published, Skipped) for each in shape.__subclasses__()} | {
        Refused.name,
        Failed.name,
        Erased.name,
        Executed.name,
        Declined.name,
    }


def test_a_failure_of_our_own_code_counts_as_refused_and_differs_from_a_refusal() -> None:
    assert isinstance(FAILED, Refused)
    assert Refused(FAILED.refusal) != FAILED
