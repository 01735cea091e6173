"""The published figures (domain §7), and what must hold of any figure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.scoring.domain import figures
from services.scoring.domain.figures import Figure
from services.scoring.domain.student import normal_quantile, student_quantile


def test_published_nps() -> None:
    found = figures.net_promoters(65, 99, 86)
    assert (found.value, found.n) == (pytest.approx(-8.4), 250)
    assert (found.low, found.high) == (pytest.approx(-17.81, abs=0.005), pytest.approx(1.21, abs=0.005))


def test_published_wilson_interval() -> None:
    found = figures.share(8, 10)
    assert (found.value, found.n) == (0.8, 10)
    assert (found.low, found.high) == (pytest.approx(0.490, abs=0.0005), pytest.approx(0.943, abs=0.0005))


def test_nps_counts_0_to_6_against_9_and_10() -> None:
    assert figures.nps([0, 6, 7, 8, 9, 10, 10]).value == pytest.approx(100 / 7)


def test_nps_does_not_collapse_when_all_agree() -> None:
    found = figures.nps([10, 10, 10])
    assert (found.value, found.high) == (100, 100)
    assert found.low is not None
    assert found.low < 60


def test_csat_is_the_share_in_the_top_two_boxes_of_its_scale() -> None:
    assert figures.csat([(4, 1, 5), (5, 1, 5), (3, 1, 5), (5, None, None)]).value == 0.75
    assert figures.csat([(9, 0, 10), (8, 0, 10)]).value == 0.5
    assert figures.csat([(1, 5, 1), (4, 5, 1)]).value == 0.5  # 1 = very good


def test_ces_is_a_mean_and_the_share_of_5_to_7() -> None:
    effort, easy = figures.ces([5, 7, 2, 4])
    assert (effort.value, easy.value) == (4.5, 0.5)


def test_nothing_known_is_null_throughout() -> None:
    nothing = {"value": None, "n": 0, "interval": [None, None]}
    for figure in (figures.nps([]), figures.csat([]), *figures.ces([]), figures.mean([], 0, 1)):
        assert figure.json() == nothing


def test_one_value_says_nothing_of_the_spread() -> None:
    assert figures.mean([3], 1, 7) == Figure(3, 1, 1, 7)
    assert figures.mean([3], 0, None) == Figure(3, 1, 0, None)


def test_mean_with_students_interval() -> None:
    found = figures.mean([1, 2, 3, 4, 5], None, None)
    assert (found.value, found.low, found.high) == (
        3,
        pytest.approx(1.036757, abs=1e-5),
        pytest.approx(4.963243, abs=1e-5),
    )


# Tables: t(0.975, freedom)
@pytest.mark.parametrize(
    ("freedom", "t"),
    [(1, 12.7062047), (2, 4.3026527), (3, 3.1824463), (4, 2.7764451), (5, 2.5705818), (10, 2.2281389), (29, 2.0452296),
     (30, 2.0422725), (60, 2.0002978), (120, 1.9799304), (1000, 1.9623391)],
)  # fmt: skip
def test_student_quantiles(freedom: int, t: float) -> None:
    assert student_quantile(0.95, freedom) == pytest.approx(t, abs=1e-6)


def test_normal_quantile() -> None:
    assert normal_quantile(0.95) == pytest.approx(1.959963985)


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_intervals_hold_their_value_and_stay_on_the_scale(a: int, b: int, c: int) -> None:
    for figure, low, high in ((figures.net_promoters(a, b, c), -100, 100), (figures.share(a, a + b), 0, 1)):
        if figure.value is not None and figure.low is not None and figure.high is not None:
            assert low <= figure.low <= figure.high <= high
            assert figure.low <= figure.value <= figure.high or (a + b + c == 1 and abs(figure.value) == 100)


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=30))
def test_means_stay_on_the_scale(values: list[float]) -> None:
    found = figures.mean(values, -100, 100)
    assert found.low is not None
    assert found.value is not None
    assert found.high is not None
    assert found.low <= found.value <= found.high
    assert found.low >= -100 - 1e-9
    assert found.high <= 100 + 1e-9
