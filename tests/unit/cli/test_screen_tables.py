"""Tables as `klantcontact …` prints them."""

import pytest

from services.cli.screen import print_table


def test_without_a_terminal_a_row_is_one_line_however_long_and_nothing_follows_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_table([("contact", "word " * 100 + "end"), ("x", "[bold]short"), ("y", "")], heading=("name", "what"))

    assert capsys.readouterr().out.splitlines() == [
        "name     what",
        "contact  " + "word " * 100 + "end",
        "x        [bold]short",
        "y",
    ]
