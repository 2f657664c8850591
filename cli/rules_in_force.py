"""Which signals, maps and agreement a command is about: those of the settings, or the shipped ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from config.settings import SHIPPED, load_settings

if TYPE_CHECKING:
    from signals.catalog import Catalog


def catalog_of(config: Path | None, folder: Path | None = None) -> Catalog:
    """The shipped signals, those of the settings if there are any, and of `folder`. Raises BadInput."""
    from signals.catalog import load_catalog

    own = load_settings(config).signals if config and config.exists() else ()
    return load_catalog(own=[*own, *([folder.resolve()] if folder else [])])


def maps_in_force(config: Path) -> tuple[Path, ...]:
    """The maps that the settings name, or the shipped one where there are no settings."""
    return load_settings(config).maps if config.exists() else (SHIPPED / "rubric_map.yaml",)


def map_in_force(config: Path) -> Path:
    """The map that the settings name first."""
    return load_settings(config).rubric_map if config.exists() else SHIPPED / "rubric_map.yaml"


def agreement_in_settings(config: Path) -> Path:
    """The agreement that the settings name; the shipped one where there are no settings."""
    return load_settings(config).agreement if config.exists() else SHIPPED / "agreement.yaml"
