"""How commands write texts of others for a person."""

from services.operations.wording import printable, printable_id


def test_a_text_is_one_line_without_control_characters() -> None:
    assert printable("a\nb\x1b[31m") == "a\ufffdb\ufffd[31m"


def test_a_long_text_is_cut() -> None:
    assert printable("x" * 101) == "x" * 99 + "…"


def test_the_longest_id_is_whole() -> None:
    assert printable_id("x" * 256) == "x" * 256
