"""The pace of the garbage collector while plans are made."""

import gc

import pytest

from connector.flow.collecting import seldom_collecting


def test_the_pace_is_set_back_by_the_last_one_out() -> None:
    usual = gc.get_threshold()
    with seldom_collecting():
        slow = gc.get_threshold()
        assert slow[0] > usual[0]
        with seldom_collecting():
            assert gc.get_threshold() == slow
        assert gc.get_threshold() == slow
    assert gc.get_threshold() == usual


def test_the_pace_is_set_back_after_an_error() -> None:
    usual = gc.get_threshold()
    with pytest.raises(KeyError), seldom_collecting():
        raise KeyError
    assert gc.get_threshold() == usual


def test_who_wants_no_collecting_at_all_keeps_it_so() -> None:
    usual = gc.get_threshold()
    gc.set_threshold(0)
    try:
        with seldom_collecting():
            assert gc.get_threshold()[0] == 0
    finally:
        gc.set_threshold(*usual)
