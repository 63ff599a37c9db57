"""The continuous-use clock counts the union of use: whatever the order, the devices and the jumps of a clock."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from anban.conversations.sessions import SKEW, Session, new_session, use

START = datetime(2026, 8, 1, 12, tzinfo=UTC)
GAP = timedelta(minutes=15)
moments = st.lists(st.floats(-3 * 3600, 12 * 3600), min_size=1, max_size=60)


def begun(at: datetime) -> Session:
    return new_session("usr_1", at)[0]


def walk(times: list[datetime]) -> list[Session]:
    """The sessions that messages at these times make, in the order in which they arrive."""
    made = [begun(times[0])]
    for at in times[1:]:
        session, _ = use(made[-1], at, GAP)
        made = [*made[:-1], session] if session is not None else [*made, begun(at)]
    return made


@given(moments)
def test_time_in_order_is_the_length_of_each_stretch(offsets: list[float]) -> None:
    times = [START + timedelta(seconds=each) for each in sorted(offsets)]
    for session in walk(times):
        within = [at for at in times if session.opened_at <= at <= session.last_at]
        assert abs(session.seconds - (max(within) - min(within)).total_seconds()) < 1e-3
        assert all(later - earlier < GAP for earlier, later in zip(within, within[1:], strict=False))


@given(moments)
def test_a_clock_that_jumps_never_makes_time_negative_and_counts_no_more_than_passed(offsets: list[float]) -> None:
    times = [START + timedelta(seconds=each) for each in offsets]
    session: Session | None = begun(times[0])
    for at in times[1:]:
        before = session
        session, more = use(before, at, GAP)
        if session is None:
            session = begun(at)
            continue
        assert before is not None and 0 <= more <= max(0.0, (at - before.last_at).total_seconds())
        assert timedelta() <= session.last_at - at <= SKEW, "it counts on from where the clock stands"


def test_messages_out_of_order_count_once() -> None:
    session, _ = use(begun(START), START + timedelta(seconds=60), GAP)
    session, more = use(session, START + timedelta(seconds=55), GAP)
    assert more == 0
    session, more = use(session, START + timedelta(seconds=70), GAP)
    assert session is not None and (more, session.seconds) == (10, 70)


def test_after_an_hour_that_was_wrong_the_clock_goes_on_at_once() -> None:
    session, _ = use(begun(START + timedelta(days=365)), START, GAP)
    session, more = use(session, START + timedelta(minutes=10), GAP)
    assert session is not None and more == 600


@given(st.integers(2, 6), moments)
def test_devices_at_once_count_once(devices: int, offsets: list[float]) -> None:
    times = [START + timedelta(seconds=each) for each in sorted(offsets)]
    many = [at for at in times for _ in range(devices)]
    assert [s.seconds for s in walk(many)] == [s.seconds for s in walk(times)]


def test_a_quarter_of_an_hour_ends_it_to_the_second() -> None:
    session = begun(START)
    assert use(session, START + GAP - timedelta(seconds=1), GAP)[0] is not None
    assert use(session, START + GAP, GAP) == (None, 0.0)


def test_leaving_ends_it_and_nobody_has_no_session() -> None:
    left = Session("ses_1", "usr_1", START, START, 60.0, left_at=START)
    assert use(left, START + timedelta(seconds=1), GAP) == (None, 0.0)
    assert use(None, START, GAP) == (None, 0.0)


def test_time_with_a_human_goes_on_and_is_not_counted() -> None:
    session, more = use(begun(START), START + timedelta(minutes=10), GAP, human=True)
    assert more == 0.0 and session is not None and session.seconds == 0.0
    session, more = use(session, START + timedelta(minutes=20), GAP)
    assert more == 600.0 and session is not None, "only the time since the human's turn counts"
