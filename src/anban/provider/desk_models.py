"""Those who work at the desk: log-ins, sessions, rota; wordings of templates and who signed them; lines not reached."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from anban.base.db import kept, metadata

staff = Table(
    "staff",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("service", ForeignKey("services.id"), nullable=False),
    Column("login", String(80), nullable=False),
    Column("name", String(80), nullable=False),
    Column("role", String(16), nullable=False),
    Column("tier", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("password", String(200), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    # The last time step whose code was used: a code opens once.
    Column("code_step", BigInteger, nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("resting_until", DateTime(timezone=True)),
    UniqueConstraint("service", "login"),
    info=kept(retention="provider-record", about=None, erase="none"),
)

staff_sessions = Table(
    "staff_sessions",
    metadata,
    # What a log-in is called for as long as it lasts: the digest of its first token.
    Column("digest", String(64), primary_key=True),
    # The digest of the token that opens it now, and of the one before, which answers a little longer.
    Column("token", String(64), index=True),
    Column("before", String(64), index=True),
    Column("turned_at", DateTime(timezone=True)),
    Column("staff", ForeignKey("staff.id"), nullable=False, index=True),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("seen_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Column("ended_at", DateTime(timezone=True)),
    info=kept(retention="operations", about=None, erase="none"),
)

login_attempts = Table(
    "login_attempts",
    metadata,
    # A keyed digest of a log-in name, an address or a known browser; never the name or address itself.
    Column("lane", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", DateTime(timezone=True), nullable=False),
    info=kept(retention="operations", about=None, erase="none"),
)

shifts = Table(
    "shifts",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("service", ForeignKey("services.id"), nullable=False, index=True),
    Column("staff", ForeignKey("staff.id"), nullable=False),
    # 0 is Monday; several as "0,1,2". Minutes since midnight in `time_zone`; an end before its start is the next day.
    Column("weekdays", String(16), nullable=False),
    Column("from_minute", Integer, nullable=False),
    Column("until_minute", Integer, nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("from_day", String(10), nullable=False),
    Column("until_day", String(10)),
    info=kept(retention="provider-record", about=None, erase="none"),
)

wordings = Table(
    "wordings",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("service", ForeignKey("services.id"), nullable=False),
    Column("template", String(80), nullable=False),
    Column("lang", String(4), nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("author", String(40), nullable=False),
    Column("approved_by", String(400), nullable=False),
    Column("made_at", DateTime(timezone=True), nullable=False),
    Column("decided_at", DateTime(timezone=True)),
    UniqueConstraint("service", "template", "lang", "version"),
    info=kept(retention="provider-record", about=None, erase="none"),
)

sign_offs = Table(
    "sign_offs",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("service", ForeignKey("services.id"), nullable=False, index=True),
    Column("name", String(80), nullable=False),
    Column("profession", String(120), nullable=False),
    Column("registration", String(120), nullable=False),
    Column("words_digest", String(64), nullable=False),
    Column("recorded_by", String(40), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("withdrawn_at", DateTime(timezone=True)),
    info=kept(retention="provider-record", about=None, erase="none"),
)

line_reports = Table(
    "line_reports",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("service", ForeignKey("services.id"), nullable=False),
    Column("user", ForeignKey("users.id")),
    Column("line", String(80), nullable=False),
    Column("reached", Boolean, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    info=kept(retention="operations", about="user", erase="facts"),
)
