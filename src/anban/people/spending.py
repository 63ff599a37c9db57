"""The spending hook: whether somebody may pay now. Denied in minors' mode unless a guardian allowed it, within caps."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Final, Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, insert, select
from sqlalchemy.exc import IntegrityError

from anban.base.errors import Conflict
from anban.base.ids import new_id
from anban.law.performs import performs
from anban.law.rulebook import Rulebook
from anban.ledger.entry import Entry, Fact
from anban.ledger.kinds import Kind
from anban.ledger.ledger import write
from anban.people.family_models import spending
from anban.people.limits import Limits
from anban.people.models import User, users
from anban.people.standing import Standing

Reason = Literal["allowed", "minors-mode", "switched-off", "over-one", "over-day", "other-currency"]

_HOME: Final = "Asia/Shanghai"


@dataclass(frozen=True, slots=True)
class Payment:
    """What the app asks: an amount in the smallest unit of a currency, under the app's own id for it."""

    amount: int
    currency: str
    request: str


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether to take the money, and why not."""

    allow: bool
    reason: Reason


def may_spend(standing: Standing, payment: Payment, spent_today: int) -> Answer:
    """The answer, of the limits alone. A minor pays nothing unless a guardian switched spending on."""
    guardian, own = standing.guardian_limits, standing.own_limits
    if standing.is_minor and not guardian.spending:
        return Answer(False, "switched-off" if guardian.spending is False else "minors-mode")
    if own.spending is False:
        return Answer(False, "switched-off")
    for chosen in (guardian, own):
        if (why := _over(chosen, payment, spent_today)) is not None:
            return Answer(False, why)
    return Answer(True, "allowed")


@performs("guardian-controls")
def ask_to_spend(
    connection: Connection, user: User, standing: Standing, payment: Payment, at: datetime, rules: Rulebook
) -> Answer:
    """Answer once for each of the app's requests; asked again, the same answer comes and nothing is counted twice.

    Raises `Conflict` when one request id comes with two amounts.
    """
    connection.execute(select(users.c.id).where(users.c.id == user.id).with_for_update())
    known = _known(connection, user.id, payment)
    if known is not None:
        return known
    answer = may_spend(standing, payment, spent_today(connection, user, payment.currency, at))
    try:
        with connection.begin_nested():
            connection.execute(
                insert(spending).values(
                    id=new_id("pay_"), user=user.id, at=at, amount=payment.amount, currency=payment.currency,
                    request=payment.request, answer=answer.reason,
                )
            )  # fmt: skip
    except IntegrityError:
        known = _known(connection, user.id, payment)
        if known is None:
            raise
        return known
    if not answer.allow:
        facts: dict[str, Fact] = {"limit": f"spending.{answer.reason}", "amount": payment.amount}
        write(connection, Entry(Kind.LIMIT_REACHED, at, user.id, "anban", user.service, rules.version, facts))
    return answer


def spent_today(connection: Connection, user: User, currency: str, at: datetime) -> int:
    """What was allowed since midnight in the person's own zone."""
    zone = ZoneInfo(user.time_zone or _HOME)
    midnight = datetime.combine(at.astimezone(zone).date(), time(), zone).astimezone(UTC)
    total = connection.execute(
        select(func.sum(spending.c.amount)).where(
            spending.c.user == user.id, spending.c.currency == currency, spending.c.answer == "allowed",
            spending.c.at >= midnight, spending.c.at < midnight + timedelta(days=1),
        )
    ).scalar()  # fmt: skip
    return int(total or 0)


def _over(chosen: Limits, payment: Payment, spent: int) -> Reason | None:
    if chosen.spend_each is None and chosen.spend_day is None:
        return None
    if chosen.currency != payment.currency:
        # A cap in another currency cannot be compared, and whoever set it meant to be asked.
        return "other-currency"
    if chosen.spend_each is not None and payment.amount > chosen.spend_each:
        return "over-one"
    if chosen.spend_day is not None and spent + payment.amount > chosen.spend_day:
        return "over-day"
    return None


def _known(connection: Connection, user: str, payment: Payment) -> Answer | None:
    row = connection.execute(
        select(spending).where(spending.c.user == user, spending.c.request == payment.request)
    ).first()
    if row is None:
        return None
    if (row.amount, row.currency) != (payment.amount, payment.currency):
        raise Conflict("this request id was used for another amount", code="request_reused")
    return Answer(row.answer == "allowed", row.answer)
