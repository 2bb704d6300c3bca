"""Settings, from the environment (``BELLWIRE_``) and ``bellwire.toml``; the environment wins. Read by ``app`` alone."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from tomllib import TOMLDecodeError
from typing import Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    SecretStr,
    Tag,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from bellwire.errors import ConfigError
from bellwire.flows.trigger import is_signed
from bellwire.model.address import can_allow

SENDER_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
PREFIX: Final = "BELLWIRE_"
NOT_OF_THE_SERVICE: Final = frozenset({"URL", "API_KEY", "CALLBACK_URL", "CONFIG"})
OF_KUBERNETES: Final = re.compile(r"(.*_)?(SERVICE_HOST|SERVICE_PORT(_.*)?|PORT(_\d+_.*)?)")
"""What Kubernetes tells every pod of a service whose name begins with ``bellwire``."""
IN_WORDS: Final[Mapping[str, str]] = {"extra_forbidden": "there is no such setting", "missing": "it is not set"}


def _listed(value: Any) -> Any:
    """Comma-separated text as a tuple; a list from TOML as it is."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


CommaSeparated = Annotated[tuple[str, ...], NoDecode]


class SenderSettings(BaseModel):
    """One bot registration. Exactly one of secret, certificate and managed identity proves who it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["bot"] = "bot"
    app_id: str = Field(min_length=1, max_length=200)
    tenant_id: str | None = None
    client_secret: SecretStr | None = None
    certificate: Path | None = None
    certificate_password: SecretStr | None = None
    managed_identity: bool = False
    teams_app_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9-]{1,64}$")

    @property
    def catalogue_id(self) -> str:
        """The manifest's id, by which a tenant's catalogue knows the app."""
        return self.teams_app_id or self.app_id

    @model_validator(mode="after")
    def _one_credential(self) -> SenderSettings:
        given = [self.client_secret is not None, self.certificate is not None, self.managed_identity]
        if sum(given) != 1:
            raise ValueError("set exactly one of client_secret, certificate and managed_identity")
        return self


class FlowSettings(BaseModel):
    """One Power Automate flow that posts as a Copilot Studio agent, into the chats of one tenant's people.

    A signed ``flow_url`` lets in whoever has it. Any other demands a token: then app id and one credential say whose.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["flow"] = "flow"
    flow_url: SecretStr
    tenant_id: str = Field(min_length=1)
    app_id: str | None = None
    client_secret: SecretStr | None = None
    certificate: Path | None = None
    certificate_password: SecretStr | None = None
    managed_identity: bool = False
    per_minute: int = Field(default=60, ge=1, le=1_000_000)
    timeout: float = Field(default=130.0, gt=0, le=300)

    @property
    def signed(self) -> bool:
        """Whether the address is all that is needed."""
        return is_signed(self.flow_url.get_secret_value())

    @model_validator(mode="after")
    def _one_credential(self) -> FlowSettings:
        given = [self.client_secret is not None, self.certificate is not None, self.managed_identity]
        if self.signed and (any(given) or self.app_id):
            raise ValueError("a signed flow_url needs no app_id and no credential: leave one of the two out")
        if not self.signed and (sum(given) != 1 or not self.app_id):
            raise ValueError(
                "a flow_url without sig needs app_id and exactly one of client_secret, certificate and managed_identity"
            )
        return self


def _kind(given: Any) -> str:
    kind = given.get("kind", "bot") if isinstance(given, dict) else getattr(given, "kind", "bot")
    return str(kind)


AnySender = Annotated[
    Annotated[SenderSettings, Tag("bot")] | Annotated[FlowSettings, Tag("flow")],
    Discriminator(
        _kind,
        custom_error_type="sender_kind",
        custom_error_message="kind must be 'bot' or 'flow'",
    ),
]


class CloudSettings(BaseModel):
    """Which Microsoft cloud; every field but ``name`` counts with ``custom`` only."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Literal["public", "gcc", "gcch", "dod", "custom"] = "public"
    login_url: str | None = None
    openid_metadata_url: str | None = None
    token_issuer: str | None = None
    bot_scope: str | None = None
    graph_url: str | None = None
    service_hosts: CommaSeparated = ()
    flow_scope: str | None = None

    _split = field_validator("service_hosts", mode="before")(_listed)


class PaceSettings(BaseModel):
    """How fast a sender may write into one tenant; Teams' own limit is the default (platform reference §6)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tenant_per_second: int = Field(default=50, ge=1, le=1_000_000)
    conversation_windows: bool = True
    installs_per_second: int = Field(default=30, ge=1, le=1_000_000)


class DirectorySettings(BaseModel):
    """How long Bellwire trusts what Microsoft Graph said of a name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    keep_for: float = Field(default=86_400.0, ge=0, le=30 * 86_400, description="seconds")


class WorkerSettings(BaseModel):
    """How the worker works; the defaults suit one process on a small machine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seats: int = Field(default=256, ge=1, le=4096, description="requests in flight at most")
    request_timeout: float = Field(default=30.0, gt=0, le=300, description="seconds until an answer counts as lost")
    retry_for: float = Field(default=3600.0, gt=0, description="seconds after which a refused delivery is given up")
    heartbeat: float = Field(default=1.0, gt=0, description="seconds between a worker's signs of life")
    chat_active_every: float = Field(default=60.0, ge=1, description="seconds between tries while a chat is active")
    chat_active_for: float = Field(default=3600.0, ge=0, description="seconds after which an active chat is too long")


class MetricsSettings(BaseModel):
    """What ``GET /metrics`` tells beyond the usual."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tenants: int = Field(default=0, ge=0, le=1_000, description="busiest tenants named with their pace")


class KeepSettings(BaseModel):
    """How long Bellwire remembers."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    days: float = Field(
        default=90.0, ge=0, le=36_500, description="after a delivery or a repair ended; 0 keeps it for ever"
    )


class RelaySettings(BaseModel):
    """The bot that exists already, if Bellwire stands in front of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    upstream_url: str | None = Field(default=None, pattern=r"^https?://[^\s/?#@]+(/\S*)?$", max_length=2048)
    timeout: float = Field(default=14.0, gt=0, le=300, description="seconds until the bot's answer must begin")


class CallbackSettings(BaseModel):
    """Where callbacks may go; without ``allowed_hosts`` to public https addresses only."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    allowed_hosts: CommaSeparated = ()
    timeout: float = Field(default=15.0, gt=0, le=60, description="seconds until a receiver's answer counts as lost")
    retry_for: float = Field(default=86_400.0, gt=0, description="seconds after which an event is given up")
    disable_after: float = Field(
        default=432_000.0, gt=0, description="seconds after which a receiver that takes nothing is not told any more"
    )

    _split = field_validator("allowed_hosts", mode="before")(_listed)

    @field_validator("allowed_hosts")
    @classmethod
    def _hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        if not all(map(can_allow, hosts)):
            raise ValueError("each entry must be host or host:port, such as crm.internal:8080")
        return hosts


class Settings(BaseSettings):
    """All settings of one service."""

    model_config = SettingsConfigDict(
        env_prefix="BELLWIRE_", env_nested_delimiter="__", extra="forbid", frozen=True, hide_input_in_errors=True
    )

    database_url: SecretStr = SecretStr("sqlite+aiosqlite:///bellwire.db")
    database_direct_url: SecretStr | None = None
    api_keys: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    senders: dict[str, AnySender] = Field(default_factory=dict)
    default_sender: str | None = None
    sender_order: CommaSeparated = ()
    allowed_tenants: CommaSeparated = ()
    cloud: CloudSettings = CloudSettings()
    pace: PaceSettings = PaceSettings()
    worker: WorkerSettings = WorkerSettings()
    directory: DirectorySettings = DirectorySettings()
    relay: RelaySettings = RelaySettings()
    callbacks: CallbackSettings = CallbackSettings()
    metrics: MetricsSettings = MetricsSettings()
    keep: KeepSettings = KeepSettings()
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    _split = field_validator("api_keys", "allowed_tenants", "sender_order", mode="before")(_listed)

    @field_validator("senders")
    @classmethod
    def _names(cls, senders: dict[str, AnySender]) -> dict[str, AnySender]:
        for name in senders:
            if not SENDER_NAME.fullmatch(name):
                raise ValueError(f"{name!r} is no sender's name: use a-z, 0-9, - and _, at most 40 characters")
        return senders

    @field_validator("default_sender", "sender_order")
    @classmethod
    def _exist(cls, named: str | tuple[str, ...] | None, info: ValidationInfo) -> str | tuple[str, ...] | None:
        names = (named,) if isinstance(named, str) else named or ()
        senders = info.data.get("senders")  # not there if they are wrong themselves
        if senders is not None and (unknown := set(names) - senders.keys()):
            raise ValueError(f"it names {min(unknown)!r}, which is not among the senders")
        return named

    @property
    def direct_database_url(self) -> str:
        """The database's own address, past a pooler if there is one: for commands that use it for a moment."""
        return (self.database_direct_url or self.database_url).get_secret_value()

    @property
    def order(self) -> tuple[str, ...]:
        """The senders to choose from for a person if the caller names none, the default first; empty if not set."""
        default = (self.default_sender,) if self.default_sender is not None else ()
        return tuple(dict.fromkeys((*default, *self.sender_order))) if self.sender_order else ()

    @property
    def bots(self) -> dict[str, SenderSettings]:
        """The senders of kind ``bot``."""
        return {name: sender for name, sender in self.senders.items() if isinstance(sender, SenderSettings)}

    @property
    def flows(self) -> dict[str, FlowSettings]:
        """The senders of kind ``flow``."""
        return {name: sender for name, sender in self.senders.items() if isinstance(sender, FlowSettings)}

    @property
    def tenants(self) -> frozenset[str]:
        """The tenants whose people may be reached: the allow-list, or else the senders' own tenants."""
        own = (sender.tenant_id for sender in self.senders.values())
        return frozenset(tenant.lower() for tenant in self.allowed_tenants or own if tenant)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the signature is pydantic's
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is passed in, then the environment, then ``bellwire.toml`` (or the file in BELLWIRE_CONFIG)."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml_file=_file())


def load_settings(**given: Any) -> Settings:
    """The settings of this process.

    Raises:
        ConfigError: a setting is missing or wrong; every finding is named, no value is shown.
    """
    _refuse_what_is_mistyped(os.environ)
    try:
        return Settings(**given)
    except ValidationError as error:
        findings = [
            (_variable(found["loc"]), _sentence(IN_WORDS.get(found["type"], found["msg"])))
            for found in error.errors(include_input=False)
        ]
    except (TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"The file is not TOML: {error}.", field=_file()) from error
    (first, detail), *others = findings
    raise ConfigError(" ".join((detail, *(f"{variable}: {message}" for variable, message in others))), field=first)


def _refuse_what_is_mistyped(environment: Mapping[str, str]) -> None:
    """Names that are almost a setting's would be passed over in silence; all others may be anybody's."""
    if "BELLWIRE_CONFIG" in environment and not Path(_file()).exists():
        raise ConfigError("There is no such file.", field="BELLWIRE_CONFIG", remedy="Name the file with the settings.")
    for variable in sorted(environment):
        name = variable.removeprefix(PREFIX)
        if name != variable and (meant := _meant_by(name)) is not None:
            raise ConfigError(
                "There is no such setting.",
                field=variable,
                remedy=f"Did you mean {PREFIX}{meant}? docs/settings.md lists them all.",
            )


def _meant_by(name: str) -> str | None:
    """Which setting a name that is none is almost the name of."""
    first, *rest = name.lower().split("__")
    if first in Settings.model_fields or name in NOT_OF_THE_SERVICE or OF_KUBERNETES.fullmatch(name):
        return None
    for field, information in Settings.model_fields.items():
        if first.startswith(f"{field}_") and (field == "senders" or isinstance(information.default, BaseModel)):
            return f"{field.upper()}__..., with two underscores"
    close = get_close_matches(first, Settings.model_fields, n=1, cutoff=0.8)
    return "__".join((close[0], *rest)).upper() if close else None


def _file() -> str:
    return os.environ.get("BELLWIRE_CONFIG", "bellwire.toml")


def _sentence(message: str) -> str:
    words = message.removeprefix("Value error, ")
    return f"{words[:1].upper()}{words[1:]}."


def _variable(location: tuple[int | str, ...]) -> str:
    if location[:1] == ("senders",):
        location = location[:2] + location[3:]  # without the kind, by which pydantic chose the model
    return "BELLWIRE_" + "__".join(str(part).upper() for part in location) if location else "BELLWIRE_*"
