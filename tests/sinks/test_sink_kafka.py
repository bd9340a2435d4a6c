"""The sink as a process against a real broker: killed with -9 and told to stop, it keeps each offset once."""

import signal

import pytest
from sink_city import DYING, City, committed, exactly, kept, process, ready, until

pytestmark = pytest.mark.kafka


def test_killed_under_load_and_started_again_it_keeps_each_offset_once(settings):
    city = City(settings.broker)
    for _ in range(2):
        with process(settings) as sink:
            city.write(2_000)
            assert sink.stdout.readline()  # an insert: more are under way
            city.write(2_000)
            sink.send_signal(signal.SIGKILL)
    city.write(100)
    with process(settings) as sink:
        until(lambda: committed(settings) == 2 * city.alerts)
        sink.terminate()
        assert sink.wait(30) == 0
    assert kept(settings) == exactly(city)


def test_killed_between_rows_and_positions_it_keeps_each_offset_once(settings):
    city = City(settings.broker)
    city.write(500)
    with process(settings, DYING) as sink:
        assert any(line.startswith("scans") for line in sink.stdout)
        city.write(500)
        assert sink.wait(60) == -signal.SIGKILL
    (rows, _), _ = kept(settings)
    assert rows > 0
    assert committed(settings) < 2 * city.alerts
    with process(settings) as sink:
        until(lambda: committed(settings) == 2 * city.alerts)
        sink.terminate()
        assert sink.wait(30) == 0
    assert kept(settings) == exactly(city)


def test_told_to_stop_it_commits_and_ends_with_zero(settings):
    city = City(settings.broker)
    city.write(500)
    with process(settings) as sink:
        until(lambda: ready(settings))
        assert sink.stdout.readline()
        sink.terminate()
        assert sink.wait(30) == 0
    with process(settings) as sink:
        until(lambda: ready(settings) and committed(settings) == 2 * city.alerts)
        sink.send_signal(signal.SIGINT)
        assert sink.wait(30) == 0
    assert kept(settings) == exactly(city)
