"""How is this deployment set? Read once from `ANBAN_*` and `anban.toml`; laxer than the law refuses to start."""

import secrets
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from pydantic import Field, Secret, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from anban.base.errors import Misconfigured
from anban.base.keys import MasterKeys, parse_master_keys
from anban.base.secrets import kept_secret
from anban.law.model import EVERYONE
from anban.law.register import Register
from anban.law.rulebook import laxer

DEMO_KEY = "anban-demo"


class Settings(BaseSettings):
    """One deployment's choices. Environment wins over `anban.toml`; unknown names in the file are refused."""

    model_config = SettingsConfigDict(
        env_prefix="ANBAN_", extra="forbid", frozen=True, toml_file="anban.toml", hide_input_in_errors=True
    )

    host: str = "127.0.0.1"
    port: int = Field(8787, ge=0, le=65535)
    public_url: str | None = None
    data: Path = Path("data")
    demo: bool = False
    workers: int = Field(1, ge=1, le=64)
    database_url: str | None = None
    upstream_url: str | None = None
    upstream_key: SecretStr | None = None
    upstream_model: str | None = None
    guard_url: str | None = None
    guard_key: SecretStr | None = None
    guard_family: str | None = None
    guard_model: str | None = None
    transcribe_url: str | None = None
    transcribe_key: SecretStr | None = None
    transcribe_model: str | None = None
    wordlists: Path | None = None
    packs: str = "cn-2025-draft,cn-2026-final"
    place: str = "cn"
    master_key: SecretStr | None = None
    master_key_file: Path | None = None
    token_key: SecretStr | None = None
    enforce: bool = False
    """Live use: without a professional's sign-off under the words as they are, the deployment does not start."""

    choices: dict[str, int | float | bool] = Field(default_factory=dict)
    """Own values for parameters, by parameter id; each at least as strict as the law."""
    channels: Secret[tuple[dict[str, Any], ...]] = Secret(())
    """How people outside are told, one table a channel (docs/doors/outreach.md); holds keys, so it does not show."""

    @field_validator("channels", mode="before")
    @classmethod
    def _read_channels(cls, given: Any) -> Any:
        """The environment holds them as JSON."""
        if not isinstance(given, str):
            return given
        try:
            return orjson.loads(given)
        except orjson.JSONDecodeError:
            raise ValueError("must be a JSON list of tables, one a channel") from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def database(self) -> str:
        """The database address; a file under `data` when none is set."""
        return self.database_url or f"sqlite:///{self.data.resolve() / 'anban.db'}"

    @property
    def rule_packs(self) -> tuple[str, ...]:
        """The instruments this deployment has chosen, by id."""
        return tuple(filter(None, (pack.strip() for pack in self.packs.split(","))))

    @property
    def own_url(self) -> str:
        """Where people outside reach this deployment: links to contacts and staff begin so."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def base_url(self) -> str:
        """Where OpenAI clients point."""
        return f"http://{self.host}:{self.port}/v1"


def read_settings(**given: Any) -> Settings:
    """Settings from arguments, environment and file, in that order. Raises `Misconfigured` naming the first fault."""
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(str(part) for part in first["loc"]) or "settings"
        raise Misconfigured(f"{name}: {first['msg']}", field=name) from error


def check_against_law(settings: Settings, register: Register, at: datetime) -> None:
    """Raise `Misconfigured` when a choice is laxer than what is in force; stricter is welcome."""
    found = laxer(register.in_force(settings.rule_packs, at, EVERYONE), settings.choices)
    if found:
        raise Misconfigured("laxer than the law: " + "; ".join(found), field="choices")


def load_master_keys(settings: Settings) -> tuple[MasterKeys, bool]:
    """The master keys, and whether they are a generated demo key beside the data (which protects little)."""
    if settings.master_key is not None:
        return parse_master_keys(settings.master_key.get_secret_value()), False
    if settings.master_key_file is not None:
        try:
            return parse_master_keys(settings.master_key_file.read_text()), False
        except OSError as error:
            raise Misconfigured("the master key file cannot be read", field="ANBAN_MASTER_KEY_FILE") from error
    if not settings.demo:
        raise Misconfigured(
            "set ANBAN_MASTER_KEY or ANBAN_MASTER_KEY_FILE: transcripts are never stored unsealed",
            field="ANBAN_MASTER_KEY",
        )
    return parse_master_keys(kept_secret(settings.data / "demo-master.key", lambda: secrets.token_hex(32))), True
