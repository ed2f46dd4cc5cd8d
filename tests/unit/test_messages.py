"""The states of a leg and the ways between them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.domain.messages import EDGES, FINAL, MISSED, NOT_LEFT, State, may_move, origins

RECEIPTS = (State.SENT, State.DELIVERED, State.READ)


def test_every_state_has_its_row_in_the_table_of_edges() -> None:
    assert set(EDGES) == set(State)


@pytest.mark.parametrize("state", sorted({State.READ, State.EXPIRED, State.CANCELLED, State.SUPPRESSED}))
def test_nothing_leads_out_of_an_end(state: State) -> None:
    assert EDGES[state] == frozenset()


def test_unknown_never_goes_back_to_queued() -> None:
    assert not may_move(State.UNKNOWN, State.QUEUED)


def test_delivered_may_follow_failed_but_sent_may_not() -> None:
    assert may_move(State.FAILED, State.DELIVERED)
    assert not may_move(State.FAILED, State.SENT)


def test_what_has_not_left_can_be_cancelled_and_nothing_else_can() -> None:
    assert set(origins(State.CANCELLED)) == NOT_LEFT


def test_every_state_can_reach_a_final_one() -> None:
    reached = set(FINAL)
    while more := {state for state in State if EDGES[state] & reached} - reached:
        reached |= more
    assert reached == set(State)


def test_missed_legs_are_final() -> None:
    assert MISSED <= FINAL


@given(st.lists(st.sampled_from(RECEIPTS), max_size=12))
def test_receipts_in_any_order_end_at_the_furthest_of_them(received: list[State]) -> None:
    state = State.SENDING
    for receipt in received:
        if may_move(state, receipt):
            state = receipt
    furthest = max((RECEIPTS.index(receipt) for receipt in received), default=None)
    assert state == (State.SENDING if furthest is None else RECEIPTS[furthest])


@given(st.lists(st.sampled_from(State), max_size=30))
def test_no_walk_along_the_edges_regresses_from_a_receipt(walk: list[State]) -> None:
    state, best = State.QUEUED, -1
    for step in walk:
        if may_move(state, step):
            state = step
        if state in RECEIPTS:
            assert RECEIPTS.index(state) >= best
            best = RECEIPTS.index(state)
