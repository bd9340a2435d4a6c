"""Every setting, typed, with its default: from flags, else environment (`PINGLIU_…`), else `pingliu.toml`, else here.

A wrong value stops the process with the setting's name and what is allowed. Secrets are `SecretStr`: they print as stars.
"""

import os
from collections.abc import Mapping
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import orjson
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from processors.parameters import ParametersError, Schedule

CONFIG_FILE = "pingliu.toml"
_URL = r"^(https?://[^\s/?#]+)?$"  # without a path; empty is allowed


class SettingsError(Exception):
    """A setting is wrong; each line of the message names one, what it was given, and what is allowed."""


class Settings(BaseSettings):
    """One frozen object a process, made once at its start."""

    model_config = SettingsConfigDict(env_prefix="PINGLIU_", extra="forbid", frozen=True)

    broker: str = Field("127.0.0.1:9092", description="Kafka bootstrap servers, HOST:PORT[,HOST:PORT]")
    partitions: int = Field(12, ge=1, le=512, description="of `scans` and what follows its keys; fixed once made")
    replication: int = Field(1, ge=1, le=7, description="copies of each partition; 3 in a real cluster")

    clickhouse: str = Field(
        "chdb:///.pingliu/archive",
        pattern=r"^(chdb:///|clickhouse(s)?://|https?://)",
        description="chdb:///PATH (embedded; relative where PATH begins with a dot) or clickhouse://USER:PASS@HOST:PORT/DB",
    )
    data_dir: Path = Field(Path(".pingliu"), description="what `up` keeps: the broker's log, the archive, the logs")

    host: str = Field("127.0.0.1", description="address the services listen on")
    gateway_port: int = Field(8080, ge=0, le=65535)
    query_port: int = Field(8081, ge=0, le=65535)
    worker_port: int = Field(8082, ge=0, le=65535, description="health and metrics of the worker")
    sink_port: int = Field(
        8083, ge=0, le=65535, description="health and metrics of a sink apart from the query service"
    )

    insecure_devices: bool = Field(False, description="trial only: scans are taken unsigned, and may carry `received`")
    token_key: SecretStr = Field(
        SecretStr("pingliu-trial-key"), description="keys the tokens that stand for identity numbers; set your own"
    )
    label_host: str = Field("id.pingliu.example", description="host of the Digital Link in a printed QR code")

    public_device: str = Field(
        "", max_length=128, description="device of kind public that the public page asks as; empty: the archive answers"
    )
    hotline: str = Field(
        "12345", pattern=r"^[0-9+][0-9 -]{2,19}$", description="telephone number that the public page says to call"
    )
    public_seconds: float = Field(60.0, ge=0, le=3600, description="how long one answer of the public page is shared")
    public_client_rate: float = Field(
        2.0, gt=0, le=1e6, description="public pages a second for one address on average; half a minute's worth at once"
    )
    public_rate: float = Field(
        50.0, gt=0, le=1e6, description="look-ups a second for the public page, all addresses together"
    )
    trusted_proxies: str = Field(
        "127.0.0.1",
        description="whose X-Forwarded-For the query service believes, comma-separated addresses or networks",
    )
    gateway_url: str = Field("", pattern=_URL, description="the gateway for the query service; empty: on this machine")
    worker_url: str = Field("", pattern=_URL, description="the worker for the query service; empty: on this machine")
    sink_url: str = Field("", pattern=_URL, description="a sink apart from the query service; empty: on this machine")
    simulated_time: bool = Field(
        False, description="trial only: posts carry `received`, and the public page asks at the latest in the archive"
    )

    ack_seconds: float = Field(5.0, gt=0, le=60, description="how long a post waits for Kafka before 503")
    member: str = Field(
        "worker-0", pattern=r"^[A-Za-z0-9._-]{1,100}$", description="static group member of this worker"
    )
    session_seconds: float = Field(6.0, ge=6, le=300, description="how long a silent worker keeps its partitions")
    stuck_seconds: float = Field(
        120.0, ge=2, le=3600, description="a worker that is behind and commits nothing for so long ends, to start again"
    )
    kafka_seconds: float = Field(
        60.0,
        ge=2,
        le=600,
        description="how long the worker waits for Kafka to take a record before it ends, to start again",
    )
    checkpoint_records: int = Field(
        1000,
        ge=0,
        description="the worker renews a partition's checkpoint in `data_dir` when so many records of the changelog, and one"
        " for twenty keys, came after it; 0: none is kept",
    )
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    rules: Annotated[dict[str, Any], NoDecode] = Field(
        {}, description="the rules' parameters and their changes by date, a table or JSON: see parameters.md"
    )

    @field_validator("rules", mode="before")
    @classmethod
    def _parameters(cls, given: Any) -> dict[str, Any]:
        return checked_rules(_from_json(given) if isinstance(given, str) else given)

    @cached_property
    def schedule(self) -> Schedule:
        """Which parameters the rules are judged by on which day."""
        return Schedule.of(self.rules)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic names the parameters
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - as above
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = TomlConfigSettingsSource(settings_cls, Path(os.environ.get("PINGLIU_CONFIG", CONFIG_FILE)))
        return init_settings, env_settings, file

    def environment(self) -> dict[str, str]:
        """These settings as the environment of a child process, so that it needs no flags."""
        values: dict[str, Any] = self.model_dump()
        values["token_key"] = self.token_key.get_secret_value()
        values["rules"] = orjson.dumps(self.rules).decode()
        return {f"PINGLIU_{name.upper()}": str(value) for name, value in values.items()}


def load(**flags: Any) -> Settings:
    """The settings of this process; flags of None are not given. Raises SettingsError."""
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        raise SettingsError("\n".join(_explain(wrong) for wrong in error.errors())) from None
    except ValueError as error:  # the file itself cannot be read
        raise SettingsError(f"{os.environ.get('PINGLIU_CONFIG', CONFIG_FILE)}: {error}") from None


def checked_rules(given: Any) -> dict[str, Any]:
    """The table `rules`, once its parameters are right; the days of its changes are dates. Raises ParametersError."""
    if not isinstance(given, Mapping):
        raise ParametersError(f"rules: wanted a table of parameters, got {given!r}")
    Schedule.of(given)
    dated = [{**change, "from": msgspec.convert(change["from"], date)} for change in given.get("changes", ())]
    return {**given, "changes": dated} if dated else dict(given)


def _from_json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise ParametersError(f"rules: wanted a JSON object of parameters, got {text!r}") from None


def _explain(wrong: Any) -> str:
    if isinstance(cause := wrong.get("ctx", {}).get("error"), ParametersError):
        return str(cause)  # names the parameter itself
    name = ".".join(str(part) for part in wrong["loc"])
    if wrong["type"] == "extra_forbidden":
        return f"{name}: no such setting; there are {', '.join(Settings.model_fields)}"
    given = "" if name == "token_key" else f", got {wrong['input']!r}"
    return f"{name}: {wrong['msg'][:1].lower()}{wrong['msg'][1:]}{given}"
