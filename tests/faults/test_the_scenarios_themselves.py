"""The scenarios are held to rules of their own: a fault that does not strike is refused."""

from pathlib import Path

import pytest

from tests.faults.injection import Failpoints, Injected


def test_a_scenario_without_a_fault_is_refused():
    with pytest.raises(AssertionError, match="injected no fault"):
        Injected().must_have_struck()


def test_a_point_that_is_armed_and_not_reached_is_refused(tmp_path: Path):
    points, injected = Failpoints(tmp_path / "markers", ["deliver.claimed=kill"]), Injected()

    with pytest.raises(AssertionError, match=r"deliver\.claimed=kill strikes some process"):  # noqa: SIM117 - two subjects
        with points.armed("deliver.claimed=kill", injected, within=0.1):
            pass

    assert not injected.struck
    assert (tmp_path / "markers" / "deliver.claimed=kill").exists()  # disarmed again


def test_a_point_that_the_house_does_not_know_cannot_be_armed(tmp_path: Path):
    points = Failpoints(tmp_path / "markers", ["deliver.claimed=kill"])

    with pytest.raises(AssertionError, match=r"not started with deliver\.acepted=kill"):
        points.armed("deliver.acepted=kill", Injected()).__enter__()
