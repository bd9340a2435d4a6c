"""Where judging begins again when a changelog lost its end."""

import logging

import pytest

from stream.lane.again import StateLostError, again_from


def test_what_the_state_lacks_is_judged_again(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert again_from("scans[3]", upto=120, committed=400, earliest=0) == 121
        assert again_from("scans[3]", upto=120, committed=400, earliest=121) == 121
    assert "state goes up to 120, 400 was acknowledged; judging again from 121" in caplog.text


def test_what_is_in_neither_is_not_passed_over() -> None:
    with pytest.raises(StateLostError, match=r"scans\[3\].*up to 120.*begins at 122"):
        again_from("scans[3]", upto=120, committed=400, earliest=122)


def test_who_sets_the_group_back_to_the_beginning_of_the_log_goes_on_from_there() -> None:
    assert again_from("scans[3]", upto=120, committed=122, earliest=122) == 122
