"""A service's own wording is taken up where it is said: after a change here, and after one in another replica."""

import asyncio
from contextlib import suppress

import structlog

from anban.base.db import Connection, Database
from anban.base.errors import Misconfigured, StorageFailed
from anban.provider.models import Service
from anban.provider.sign_offs import require_sign_off
from anban.provider.wordings import live_templates
from anban.rails.runtime import Runtime
from anban.words.templates import Words, load_words

log = structlog.get_logger("anban.words")

AGAIN = 15.0
"""Seconds after which another replica's change is said here too."""


async def words_of(db: Database, service: Service, *, signed_only: bool) -> Words:
    """Our words with the service's own in their place, closing `db` and raising `Misconfigured` where they must be
    signed by a professional and are not.

    Without the database the packaged words are said: help does not wait for a signature.
    """
    words = load_words()

    def work(connection: Connection) -> None:
        words.own.adopt(live_templates(connection, service.id, words))
        if signed_only:
            require_sign_off(connection, service.id, words)

    try:
        await db.read(work)
    except StorageFailed:
        log.warning("wordings.not_read", says="the packaged words")
    except Misconfigured:
        await db.close()
        raise
    return words


async def take_up(rt: Runtime, service: Service) -> None:
    """Say the wording that is live now. Raises `StorageFailed`, and then goes on saying what it said."""
    rt.words.own.adopt(await rt.db.read(lambda connection: live_templates(connection, service.id, rt.words)))


async def keep_up(rt: Runtime, service: Service, stop: asyncio.Event) -> None:
    """Take it up again and again until `stop`; while the database is away the last known words are said."""
    while not stop.is_set():
        try:
            await take_up(rt, service)
        except StorageFailed:
            log.warning("wordings.not_read", says="the last known words")
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), AGAIN)
