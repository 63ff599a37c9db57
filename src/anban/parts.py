"""The parts of a deployment that lie outside its code: database, service, spool, servers, rules, keys."""

import asyncio
import secrets
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import structlog
from pydantic import SecretStr

from anban.base.clock import Clock
from anban.base.db import Connection, Database, open_database
from anban.base.db_dead import DeadDatabase
from anban.base.db_sqlite import quick_check
from anban.base.errors import Misconfigured, StorageFailed
from anban.base.kept_keys import keep_purposes
from anban.base.keyring import GivenKeys, KeyFile, Keyring
from anban.base.keys import KeysAway, MasterKeys, Unreadable
from anban.base.kms.shape import KeyService, KeysRefused
from anban.base.migrate import migrate
from anban.base.secrets import kept_secret
from anban.base.spill import SpillSeal
from anban.base.spool import Spool
from anban.cases.late import UNKNOWN_SERVICE
from anban.detectors.guards.known import family_named
from anban.law.register import Register
from anban.law.rulebook import Rulebook
from anban.privacy.sharing import Party
from anban.provider.demo_staff import seed_demo
from anban.provider.models import Service
from anban.provider.services import Rules, add_key, any_service, has_keys, open_service
from anban.rails.consult import Consulted
from anban.rails.hearing import Hearing
from anban.rails.opinion import Opinion
from anban.rails.upstream import Timeouts, Upstream
from anban.settings import DEMO_KEY, AwsKmsChosen, Settings, VaultChosen

log = structlog.get_logger()

STARTS = 3
"""Times that a database is tried at start, a second apart: one that is just coming up must not cost the chat."""


async def reach_database(settings: Settings) -> Database:
    """The database in its newest shape; one that does not open within `STARTS` tries leaves help, and no chat."""
    url = settings.database
    if url.startswith("sqlite:///") and not quick_check(Path(url.removeprefix("sqlite:///"))):
        log.critical("database.damaged", url="sqlite")
        return DeadDatabase("the database file is damaged")
    db = open_database(url)
    for attempt in range(STARTS):
        try:
            await migrate(db)
            return db
        except StorageFailed:
            log.error("database.unreachable", attempt=attempt + 1)
            await asyncio.sleep(1)
    await db.close()
    log.critical("database.given_up", serves="help only")
    return DeadDatabase("the database could not be opened at start")


async def own_service(db: Database, settings: Settings, keys: MasterKeys, at: datetime) -> tuple[Service, str | None]:
    """The deployment's own service, and its first key when it had none.

    Raises `Misconfigured` when the master keys are not those that sealed what is there.
    """

    def work(connection: Connection) -> tuple[Service, str | None]:
        if not keys.away:
            keep_purposes(connection, keys, fresh=not any_service(connection))
        service = open_service(connection, name="companion", packs=settings.rule_packs, place=settings.place)
        if settings.demo:
            add_key(connection, service.id, at, DEMO_KEY)
            if not keys.away:
                seed_demo(connection, keys, service.id, at)
            return service, None
        return service, None if has_keys(connection) else add_key(connection, service.id, at)

    try:
        return await db.write(work)
    except Unreadable as error:
        said = "these master keys are not those that sealed this database"
        raise Misconfigured(said, field="ANBAN_MASTER_KEY") from error
    except StorageFailed:
        return Service(UNKNOWN_SERVICE, UNKNOWN_SERVICE, "companion", settings.rule_packs, settings.place), None


def keyring_of(settings: Settings, clock: Clock) -> tuple[Keyring, bool]:
    """Where the master keys come from, and whether they lie beside the data, which protects little.

    Raises `Misconfigured` when no source is set: transcripts are never stored unsealed.
    """
    if settings.master_key is not None:
        return GivenKeys(settings.master_key.get_secret_value()), False
    service = reach_kms(settings, clock)
    if settings.master_key_file is not None or service is not None:
        return KeyFile(settings.master_key_file or settings.data / "master.keys", service), False
    if not settings.demo:
        raise Misconfigured(
            "set ANBAN_MASTER_KEY or ANBAN_MASTER_KEY_FILE: transcripts are never stored unsealed",
            field="ANBAN_MASTER_KEY",
        )
    path = settings.data / "demo-master.key"
    kept_secret(path, lambda: secrets.token_hex(32))
    return KeyFile(path), True


def reach_kms(settings: Settings, clock: Clock) -> KeyService | None:
    """The outside key service, where one is set."""
    match settings.kms.get_secret_value():
        case None:
            return None
        case AwsKmsChosen() as chosen:
            from anban.base.kms.aws import AwsKms

            return AwsKms(
                chosen.url, chosen.key, chosen.region, chosen.access_key, plain(chosen.secret_key), clock,
                plain(chosen.session_token),
            )  # fmt: skip
        case VaultChosen() as chosen:
            from anban.base.kms.vault import VaultTransit

            return VaultTransit(
                chosen.url, chosen.key, plain(chosen.token), chosen.token_file, chosen.mount, chosen.namespace
            )


async def reach_keys(settings: Settings, ring: Keyring) -> MasterKeys:
    """The master keys; none, when the key service does not answer: then help is served, and no chat.

    Raises `Misconfigured` when what stands there are no keys, and when the key service refuses a deployment that never
    had any: whoever sets that up is there to read it. One that has served people goes on helping them.
    """
    keys = MasterKeys(None, settings.cipher)
    keys.expect_kept()
    try:
        keys.follow(await ring.read())
    except (KeysAway, KeysRefused) as error:
        if isinstance(error, KeysRefused) and not _spill_key(settings.data).exists():
            raise
        log.critical("keys.away", source=ring.name, said=error.message, serves="help only")
    return keys


def kept_spool(data: Path, keys: MasterKeys) -> Spool:
    """Where promises wait while the database, or the key service, is gone."""
    seal = SpillSeal(_spill_key(data), keys)
    if not keys.away:
        with suppress(StorageFailed):  # as bad as a spool that cannot be written, and told when that is tried
            seal.publish()
    return Spool(data / "spool.bin", seal)


def _spill_key(data: Path) -> Path:
    """The spool's public key: written at the first start at which there were keys."""
    return data / "spill.pub"


def reach_upstream(settings: Settings, url: str, rules: Rulebook, clock: Clock) -> Upstream:
    """The model behind us, with the patience that the rules allow."""
    wait = Timeouts(
        connect=rules.number("upstream-connect-seconds"),
        first_byte=rules.number("upstream-first-byte-seconds"),
        gap=rules.number("upstream-gap-seconds"),
        total=rules.number("upstream-total-seconds"),
    )
    buffer = rules.whole("stream-buffer-bytes")
    return Upstream(url, plain(settings.upstream_key), settings.upstream_model, wait, clock, buffer)


def reach_opinion(settings: Settings, clock: Clock, party: Party | None) -> Opinion | None:
    """A guard model's second opinion, where one is set. Raises `Misconfigured` for an unknown family."""
    if not settings.guard_url:
        return None
    family = family_named(settings.guard_family or "")
    server = Consulted(settings.guard_url, plain(settings.guard_key), clock, "ANBAN_GUARD_URL")
    masked = party is not None and party.mask
    return Opinion(server, family, settings.guard_model or family.name, masked=masked)


def reach_hearing(settings: Settings, clock: Clock) -> Hearing | None:
    """Whoever makes transcripts of recordings, where one is set."""
    if not settings.transcribe_url:
        return None
    server = Consulted(settings.transcribe_url, plain(settings.transcribe_key), clock, "ANBAN_TRANSCRIBE_URL")
    return Hearing(server, settings.transcribe_model or "whisper-1")


def rules_of(register: Register, settings: Settings) -> Rules:
    """The rulebook of a service, a group and a moment, with the deployment's own stricter choices in it."""
    made: dict[tuple[str, Rulebook], Rulebook] = {}

    def rules(service: Service, who: frozenset[str], at: datetime) -> Rulebook:
        base = register.in_force(service.packs, at, who)
        if not settings.choices:
            return base
        key = (service.id, base)
        if key not in made:
            made[key] = base.with_choices(settings.choices)
        return made[key]

    return rules


def admin_key(data: Path) -> str:
    """The administrator's key beside the data; the command line uses it."""
    return kept_secret(data / "admin.key", lambda: "admin-" + secrets.token_urlsafe(32))


def plain(value: SecretStr | None) -> str:
    """A secret setting as text; empty when there is none."""
    return value.get_secret_value() if value is not None else ""
