"""How is this deployment set? Read once from `ANBAN_*` and `anban.toml`; laxer than the law refuses to start."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, Secret, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from anban.base.ciphers import AES, Suite
from anban.base.errors import Misconfigured
from anban.law.model import EVERYONE
from anban.law.register import Register
from anban.law.rulebook import laxer

DEMO_KEY = "anban-demo"


class AwsKmsChosen(BaseModel):
    """A key service that speaks AWS KMS (docs/keys.md)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["aws"]
    url: str = Field(pattern="^https?://")
    key: str
    region: str
    access_key: str
    secret_key: SecretStr
    session_token: SecretStr = SecretStr("")


class VaultChosen(BaseModel):
    """A key service that speaks Vault's transit engine (docs/keys.md)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["vault"]
    url: str = Field(pattern="^https?://")
    key: str
    mount: str = "transit"
    namespace: str = ""
    token: SecretStr = SecretStr("")
    token_file: Path | None = None


Kms = Annotated[AwsKmsChosen | VaultChosen, Field(discriminator="kind")]


Connector = Literal["model", "guard", "transcriber", "channel", "witness", "key-service", "login", "analytics"]
Basis = Literal["contract", "consent", "law", "vital-interest"]


class Declared(BaseModel):
    """One `[[processors]]` table: who stands behind a connector, where, and on which basis they are given what.

    `place` is the host of the server, or the kind or name of a channel. `own` says that it is the operator's own.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    connector: Connector
    place: str = Field(min_length=1, max_length=120, pattern=r"^[a-zA-Z0-9.:_-]+$")
    name: str = Field(min_length=1, max_length=120)
    name_en: str = Field("", max_length=120)
    country: str = Field("CN", pattern=r"^[A-Z]{2}$")
    basis: Basis = "contract"
    reference: str = Field("", max_length=200)
    own: bool = False
    mask: bool = True
    pseudonym: bool = False

    @model_validator(mode="after")
    def _rests_on_something(self) -> "Declared":
        if not self.own and self.basis in ("contract", "law") and not self.reference:
            raise ValueError("a contract or a law is named: set reference")
        if self.connector != "channel" and self.basis == "vital-interest":
            raise ValueError("only telling somebody of a danger rests on a vital interest")
        return self


class Settings(BaseSettings):
    """One deployment's choices. Environment wins over `anban.toml`; unknown names in the file are refused."""

    model_config = SettingsConfigDict(
        env_prefix="ANBAN_", extra="forbid", frozen=True, toml_file="anban.toml", hide_input_in_errors=True
    )

    host: str = "127.0.0.1"
    port: int = Field(8787, ge=0, le=65535)
    public_url: str | None = None
    deployment: str = "anban"
    """What the ledger of this deployment is called: 1 to 80 of A-Z a-z 0-9 . _ -; it stands in every checkpoint."""

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
    aigc_producer: str = Field("", max_length=200)
    """The provider's name or code in the labels of AI-made content (GB 45438-2025); the service's name if empty."""
    master_key: SecretStr | None = None
    master_key_file: Path | None = None
    kms: Secret[Kms | None] = Secret(None)
    """The key service that wraps what stands in the master key file; holds keys, so it does not show."""

    cipher: Suite = AES
    """The suite that seals what is new: `aes-256-gcm`, or `sm4-gcm` (with SM3) where the deployment owes it."""

    token_key: SecretStr | None = None
    token_keys: Secret[tuple[dict[str, Any], ...]] = Secret(())
    """The app's keys by name, each with `kid`, `algorithm` and `key` (docs/access.md)."""

    oidc_issuer: str | None = None
    oidc_client_id: str = ""
    oidc_client_secret: SecretStr | None = None
    oidc_algorithm: Literal["RS256", "ES256"] = "RS256"
    oidc_claim: str = "groups"
    oidc_roles: dict[str, str] = Field(default_factory=dict)
    """Which role each value of the claim `oidc_claim` stands for."""

    oidc_strong: str = "mfa,otp,hwk,swk,fido"
    """Values of the claim `amr` that count as a second factor (RFC 8176)."""

    enforce: bool = False
    """Live use: without a professional's sign-off under the words as they are, the deployment does not start."""

    choices: dict[str, int | float | bool] = Field(default_factory=dict)
    """Own values for parameters, by parameter id; each at least as strict as the law."""
    channels: Secret[tuple[dict[str, Any], ...]] = Secret(())
    """How people outside are told, one table a channel (docs/doors/outreach.md); holds keys, so it does not show."""

    processors: tuple[Declared, ...] = ()
    """Who outside is given anything of a person, one table each (docs/doors/integrator.md, "Who outside gets what")."""

    witnesses: Secret[tuple[dict[str, Any], ...]] = Secret(())
    """Who outside keeps the ledger's checkpoints, one table a witness (docs/evidence.md)."""

    @field_validator("channels", "kms", "token_keys", "witnesses", mode="before")
    @classmethod
    def _read_tables(cls, given: Any) -> Any:
        """The environment holds them as JSON."""
        if not isinstance(given, str):
            return given
        try:
            return orjson.loads(given)
        except orjson.JSONDecodeError:
            raise ValueError("must be JSON: a list of tables, or one table for a key service") from None

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
