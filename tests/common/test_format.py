import pytest

from common.report.format import duration, markdown, number


@pytest.mark.parametrize(
    ("value", "error", "expected"),
    [
        (0.0167, 0.00031, "0.01670 ± 0.00031"),
        (1063.0, 21.0, "1063 ± 21"),
        (8.1554e-22, 7.7e-25, "(8.1554 ± 0.0077)e-22"),
        (-3e-9, 2e-7, "(-0.0 ± 2.0)e-7"),
        (123456789.0, 1000.0, "(1.234568 ± 0.000010)e8"),
        (23822, None, "23822"),
        (0.5, None, "0.5"),
        (9e-22, None, "9e-22"),
        (1e9, 0.0, "1e+09"),
    ],
)
def test_numbers_are_short_and_keep_two_digits_of_the_error(value, error, expected):
    assert number(value, error) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.4, "0 s"),
        (99.4, "99 s"),
        (99.6, "2 min"),
        (5969.0, "99 min"),
        (5990.0, "1 h 40 min"),
        (36300.0, "10 h 05 min"),
    ],
)
def test_durations_are_short(seconds, expected):
    assert duration(seconds) == expected


def test_words_stay_words_in_markdown():
    assert markdown("tau_21 of *W*\n[GeV] <m> | `a`") == r"tau\_21 of \*W\* \[GeV\] \<m\> \| \`a\`"
