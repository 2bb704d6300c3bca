"""Image, compose file, manifests and template say what the program knows: settings, commands, ports and paths."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import typer.main
import yaml

from bellwire.cli.run import application
from bellwire.config import SenderSettings, Settings
from bellwire.delivery.tuning import Tuning
from bellwire.web.bot import PATH
from bellwire.web.health import router

ROOT: Final = Path(__file__).parents[2]
DOCKERFILE: Final = (ROOT / "Dockerfile").read_text("utf-8")
COMPOSE: Final[dict[str, Any]] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
KUBERNETES: Final = sorted((ROOT / "deploy/kubernetes").glob("*.yaml"))
BICEP: Final = (ROOT / "deploy/azure/main.bicep").read_text("utf-8")
EVERYTHING: Final = "\n".join(
    [DOCKERFILE, BICEP, *(path.read_text("utf-8") for path in (ROOT / "compose.yaml", *KUBERNETES))]
)


def manifests() -> list[dict[str, Any]]:
    return [each for path in KUBERNETES for each in yaml.safe_load_all(path.read_text("utf-8"))]


def deployments() -> dict[str, dict[str, Any]]:
    return {each["metadata"]["name"]: each["spec"] for each in manifests() if each["kind"] == "Deployment"}


def commands() -> Iterator[list[str]]:
    yield from (service["command"] for service in COMPOSE["services"].values() if "command" in service)
    for spec in deployments().values():
        pod = spec["template"]["spec"]
        yield from (container["args"] for container in (*pod["initContainers"], *pod["containers"]))
    yield ["database", "upgrade"]
    yield from ([*re.findall(r"'([^']+)'", args)] for args in re.findall(r"args: \[(.*?)\]", BICEP))
    yield re.findall(r'"([^"]+)"', DOCKERFILE.rpartition("CMD")[2])


def test_every_setting_that_is_named_exists() -> None:
    for name in set(re.findall(r"\bBELLWIRE_[A-Z_]+", EVERYTHING)):
        first, *rest = name.removeprefix("BELLWIRE_").lower().split("__")
        field = Settings.model_fields[first]
        if first == "senders":
            assert rest[1] in SenderSettings.model_fields, name
        elif rest:
            model: Any = field.annotation
            assert rest[0] in model.model_fields, name


def test_every_command_is_one_with_options_that_it_has() -> None:
    for given in commands():
        command: Any = typer.main.get_command(application())
        words = list(given)
        while hasattr(command, "commands"):
            command = command.commands[words.pop(0)]
        options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        assert {word for word in words if word.startswith("--")} <= options, given


def test_ports_and_paths_are_those_that_are_served() -> None:
    paths = {getattr(route, "path", "") for route in router.routes}
    assert set(re.findall(r"path: '?(/[a-z]+z)\b", EVERYTHING)) == {"/healthz", "/readyz"} <= paths
    assert f"path: {PATH}" in EVERYTHING
    assert {int(port) for port in re.findall(r"(?:containerPort|port|targetPort): (39\d\d)", EVERYTHING)} == {3978}
    assert "EXPOSE 3978" in DOCKERFILE


def test_whoever_is_told_to_end_has_longer_than_a_worker_has_patience() -> None:
    graces = [spec["template"]["spec"]["terminationGracePeriodSeconds"] for spec in deployments().values()]
    graces += [int(each) for each in re.findall(r"terminationGracePeriodSeconds: (\d+)", BICEP)]
    graces += [int(COMPOSE["x-bellwire"]["stop_grace_period"].removesuffix("s"))]
    assert len(graces) == 4
    assert min(graces) > Tuning().patience


def test_nothing_runs_as_root_or_writes_where_it_should_not() -> None:
    for spec in deployments().values():
        pod = spec["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"]
        for container in (*pod["initContainers"], *pod["containers"]):
            assert container["securityContext"]["readOnlyRootFilesystem"]
            assert not container["securityContext"]["allowPrivilegeEscalation"]
    assert re.search(r"^USER 10001:10001$", DOCKERFILE, re.MULTILINE)
    assert COMPOSE["x-bellwire"]["read_only"]


def test_the_image_is_built_with_the_version_of_uv_that_locks() -> None:
    locks = re.search(r"^UV_VERSION := (\S+)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert locks is not None
    assert f"ghcr.io/astral-sh/uv:{locks[1]} " in DOCKERFILE


def test_the_image_needs_no_file_that_is_kept_out_of_it(tmp_path: Path) -> None:
    """Every file that is copied is let in by ``.dockerignore``, no other is, and with these the program runs."""
    let_in(tmp_path)
    lines = re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
    copied = {word for line in lines for word in line.split()[:-1]}
    assert {path.name for path in tmp_path.iterdir()} == copied
    ended = subprocess.run(
        [sys.executable, "-m", "bellwire", "serve", "--help"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "src")},
        capture_output=True,
        text=True,
    )
    assert "--role" in ended.stdout, ended.stderr


def let_in(place: Path) -> None:
    """Copy what ``.dockerignore`` does not keep out."""
    lines = [line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line and line[0] != "#"]
    kept_out = [line.removeprefix("**/") for line in lines[1:] if line[0] != "!"]
    assert lines[0] == "*"
    for name in (line[1:] for line in lines if line[0] == "!"):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, place / name, ignore=shutil.ignore_patterns(*kept_out))
        else:
            shutil.copy(source, place / name)


def installed(program: str) -> str | None:
    """Where it is: beside the interpreter that runs the tests, or anywhere."""
    return shutil.which(program, path=os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])))


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    hadolint = installed("hadolint")
    if hadolint is None:
        pytest.skip("hadolint is not installed, and its package is for Linux on x86-64 only")
    ended = subprocess.run([hadolint, str(ROOT / "Dockerfile")], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout


def test_the_manifests_keep_to_kubernetes_schemas(tmp_path: Path) -> None:
    validate = installed("kubernetes-validate")
    assert validate is not None
    written = tmp_path / "all.yaml"
    resources = [each for each in manifests() if each["kind"] != "Kustomization"]
    written.write_text(yaml.safe_dump_all(resources), encoding="utf-8")
    ended = subprocess.run([validate, "--strict", str(written)], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_kustomize_names_every_manifest_but_the_example() -> None:
    (kustomization,) = [each for each in manifests() if each["kind"] == "Kustomization"]
    files = {path.name for path in KUBERNETES} - {"kustomization.yaml", "secret.example.yaml"}
    assert set(kustomization["resources"]) == files
