"""docs/settings.md and config.py name the same settings with the same defaults."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from bellwire.config import FlowSettings, SenderSettings, Settings

PAGE = (Path(__file__).parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")
SERVICE_PAGE = PAGE.partition("## For the command line")[0]
ROWS = dict(re.findall(r"^\| `(BELLWIRE_[A-Z_<>]+)` \| ([^|]+) \|", SERVICE_PAGE, re.MULTILINE))
OF_FLOWS = FlowSettings.model_fields.keys() - SenderSettings.model_fields.keys()
PROSE = {
    "BELLWIRE_DEFAULT_SENDER": "the only one",
    "BELLWIRE_ALLOWED_TENANTS": "the senders' own tenants",
}


def test_the_page_names_every_setting_and_no_other() -> None:
    assert set(ROWS) == {name for name, _ in settings(Settings, "BELLWIRE_")}


def test_the_page_gives_the_defaults_of_the_code() -> None:
    told = {name: shown.strip() for name, shown in ROWS.items()}
    assert told == {name: PROSE.get(name, default(field)) for name, field in settings(Settings, "BELLWIRE_")}


def settings(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in model.model_fields.items():
        if name == "senders":
            yield from settings(SenderSettings, f"{prefix}SENDERS__<NAME>__")
            own = settings(FlowSettings, f"{prefix}SENDERS__<NAME>__")
            yield from (each for each in own if each[0].rpartition("__")[2].lower() in OF_FLOWS)
        elif isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from settings(field.annotation, f"{prefix}{name.upper()}__")
        else:
            yield f"{prefix}{name.upper()}", field


def default(field: FieldInfo) -> str:
    value: Any = field.default
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if field.is_required():
        return "required"
    if value is None or value == ():
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def test_the_choices_of_a_setting_are_named() -> None:
    for name, field in settings(Settings, "BELLWIRE_"):
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{name}`"))
        choices = [choice for choice in get_args(field.annotation) if isinstance(choice, str)]
        assert not [choice for choice in choices if f"`{choice}`" not in row], name
