"""What is built and installed runs without the checkout: the wheel, and a wheel built from the sdist."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from sandbox.organisation.build import organisation as generate
from sandbox.server import running

ROOT = Path(__file__).parents[1]
MAPS = ("rubric_map.yaml", "maps/ic1_software_engineer.yaml", "maps/ic2_machine_learning_engineer.yaml")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, "wheel", tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The console script in an environment of its own, which borrows the dependencies of this one."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", "--no-deps", "--no-index", wheel], check=True)
    [site] = folder.glob("lib/*/site-packages")
    # a path that a .pth names has its own .pth files left alone: the checkout stays out
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin" / "sightline"


def test_the_installed_program_imports_nothing_of_the_checkout(installed: Path, tmp_path: Path) -> None:
    show = (
        "import cli.main, config.settings, sys\n"
        "print(cli.main.__file__, config.settings.SHIPPED, *sys.path, sep='\\n')"
    )
    python = installed.with_name("python")
    printed = subprocess.run([python, "-c", show], cwd=tmp_path, env=clean(), capture_output=True, text=True)
    assert printed.returncode == 0, printed.stderr
    module, shipped, *path = printed.stdout.splitlines()
    assert Path(module).is_relative_to(installed.parents[1])
    assert Path(shipped).is_relative_to(installed.parents[1])
    assert str(ROOT) not in path


def test_what_the_program_ships_is_what_the_checkout_has(installed: Path) -> None:
    [shipped] = installed.parents[1].glob("lib/*/site-packages/config/shipped")
    names = ["agreement.yaml", "agreement-solo.yaml", "rubric_map.yaml"]
    names += [str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("maps/*")) if path.is_file()]
    names += [str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("tests/specs/*.md"))]
    assert len(names) > 50
    assert {name for name in names if (shipped / name).read_bytes() != (ROOT / name).read_bytes()} == set()
    assert len([path for path in shipped.rglob("*") if path.is_file()]) == len(names)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("--help", "For every item of an engineering rubric"),
        ("--version", "sightline, version 0.1.0"),
        ("rubric check", "38 items, all classified"),
        ("rubric list", "ownership-clarifies"),
        ("privacy agreement", "What it is for"),
        ("privacy agreement --solo", "What it is for"),
        ("privacy notice", "# "),
        ("signals list", "reviews_given"),
        ("signals test reviews_given", "examples of 1 signal hold"),
    ],
)
def test_commands_that_need_no_settings_run_in_an_empty_folder(
    installed: Path, tmp_path: Path, line: str, says: str
) -> None:
    assert says in sightline(installed, tmp_path, *line.split())


def test_a_further_map_of_the_package_may_be_checked_by_its_path(installed: Path, tmp_path: Path) -> None:
    [shipped] = installed.parents[1].glob("lib/*/site-packages/config/shipped")
    for name in MAPS:
        assert "all classified" in sightline(installed, tmp_path, "rubric", "check", str(shipped / name))


def test_the_demo_runs_in_a_folder_with_python_packages_of_the_same_names(
    installed: Path, tmp_path: Path
) -> None:
    """A project with an `app` or a `config` folder of its own is not taken for the program's."""
    for name in ("app", "cli", "config", "sandbox"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise ImportError('not this one')\n")
    printed = sightline(installed, tmp_path, "demo")
    assert "Last night complete" in printed
    assert "Coverage of" in printed
    assert "Your signals" in printed
    assert (tmp_path / "demo" / "me.html").exists()


def test_personal_mode_runs_in_an_empty_folder(installed: Path, tmp_path: Path) -> None:
    with running(generate("package", until=date(2026, 11, 22), teams=1, people=5, repositories=1)) as server:
        login = server.holding.roster_csv.splitlines()[1].split(",")[0]
        variables = {
            "GITHUB_TOKEN": f"sandbox-{login}",
            "SIGHTLINE_GITHUB__BASE_URL": server.github,
            "XDG_DATA_HOME": str(tmp_path / "data"),
        }
        printed = sightline(installed, tmp_path, "me", "--solo", **variables)
    assert "Your signals" in printed
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_the_source_distribution_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    packed = build(ROOT, "sdist", tmp_path)
    with tarfile.open(packed) as archive:
        archive.extractall(tmp_path, filter="data")
    again = build(tmp_path / packed.name.removesuffix(".tar.gz"), "wheel", tmp_path / "again")
    assert dict(contents(again)) == dict(contents(wheel))


# --- how it is done ---


def build(source: Path, target: str, into: Path) -> Path:
    """Built with the pinned build backend, without an index and without isolation."""
    command = [sys.executable, "-m", "hatchling", "build", "--target", target, "--directory", into]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    [built] = into.glob("*.whl" if target == "wheel" else "*.tar.gz")
    return built


def contents(wheel: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            yield name, archive.read(name)


def clean(**variables: str) -> dict[str, str]:
    """An environment in which nothing leads to the checkout."""
    left_out = ("PYTHON", "SIGHTLINE_", "GITHUB_", "PAGERDUTY_", "PREFECT_", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if not name.startswith(left_out)} | variables


def sightline(installed: Path, folder: Path, *arguments: str, **variables: str) -> str:
    done = subprocess.run(
        [installed, *arguments], cwd=folder, env=clean(**variables), capture_output=True, text=True
    )
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return done.stdout
