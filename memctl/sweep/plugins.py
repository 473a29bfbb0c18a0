"""Registers memctl's sweeper, launcher and search path with Hydra, from a checkout, a wheel or an
editable install.

Hydra 1.3 accepts plugins only from a top-level package `hydra_plugins`; its check is widened to
this package. Its scan executes its own core plugins anew, so classes derived from them are imported
after the scan.
"""

from pathlib import Path

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.config_store import ConfigStore
from hydra.core.object_type import ObjectType
from hydra.core.plugins import Plugins
from hydra.plugins.config_source import ConfigLoadError, ConfigResult, ConfigSource
from hydra.plugins.plugin import Plugin
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import OmegaConf

from memctl import config
from memctl.paths import TEMPLATES, config_root


class TemplateSource(ConfigSource):
    """The sweep templates, `multirun_templates/NAME`, and nothing beside them.

    The folder that holds them may be a checkout with a .venv, runs and data: as a file source it
    would make config groups of them all, through which Hydra walks for its help. No template is
    listed either: they are chosen by -cn, not as a group's choice.
    """

    @staticmethod
    def scheme() -> str:
        return "templates"

    def load_config(self, config_path: str) -> ConfigResult:
        path = self._file(config_path)
        if not path.is_file():
            raise ConfigLoadError(f"Config not found : {path}")
        text = path.read_text(encoding="utf-8")
        header = self._get_header_dict(text)
        return ConfigResult(self.provider, self.full_path(), OmegaConf.load(path), header)

    def is_config(self, config_path: str) -> bool:
        return config_path.startswith(f"{TEMPLATES}/") and self._file(config_path).is_file()

    def is_group(self, config_path: str) -> bool:
        return config_path == ""

    def available(self) -> bool:
        return Path(self.path, TEMPLATES).is_dir()

    def list(self, config_path: str, results_filter: ObjectType | None) -> list[str]:
        return []

    def _file(self, config_path: str) -> Path:
        return Path(self.path, self._normalize_file_name(config_path))


class MemctlSearchPath(SearchPathPlugin):
    """Makes `-cn multirun_templates/NAME` and `/config` in a template findable."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        root = config_root()
        search_path.append("memctl", f"file://{root / 'conf'}")
        search_path.append("memctl", f"{TemplateSource.scheme()}://{root}")


def register(*plugins: type[Plugin]) -> None:
    """Have Hydra take plugins of this package."""
    accepts = getattr(Plugins, "is_in_toplevel_plugins_module", None)
    if accepts is not None:
        Plugins.is_in_toplevel_plugins_module = staticmethod(  # type: ignore[method-assign, assignment]
            lambda name: name.startswith("memctl.") or accepts(name)
        )
    for plugin in plugins:
        Plugins.instance().register(plugin)


def install() -> None:
    """Register everything once; called before `hydra.main`."""
    from memctl.sweep import no_code
    from memctl.sweep.choices import nodes, tables
    from memctl.sweep.front_sweeper import FrontSweeper, FrontSweeperConfig
    from memctl.sweep.launcher import LocalLauncher, LocalLauncherConfig
    from memctl.sweep.ray import RayLauncher, RayLauncherConfig
    from memctl.sweep.slurm import SlurmLauncher, SlurmLauncherConfig
    from memctl.sweep.sweeper import GridSweeper, GridSweeperConfig

    no_code.install()
    register(TemplateSource, MemctlSearchPath, GridSweeper, FrontSweeper)
    register(LocalLauncher, SlurmLauncher, RayLauncher)
    # Hydra copies its store whenever it composes, a sixth of that time, though it only reads there,
    # and copies what it reads.
    ConfigStore.__deepcopy__ = lambda self, memo: self  # type: ignore[attr-defined]
    store = ConfigStore.instance()
    store.store(group="hydra/sweeper", name="grid", node=GridSweeperConfig, provider="memctl")
    store.store(group="hydra/sweeper", name="front", node=FrontSweeperConfig, provider="memctl")
    store.store(group="hydra/launcher", name="local", node=LocalLauncherConfig, provider="memctl")
    store.store(group="hydra/launcher", name="ray", node=RayLauncherConfig, provider="memctl")
    store.store(group="hydra/launcher", name="slurm", node=SlurmLauncherConfig, provider="memctl")
    for group in tables():
        for name, node in nodes(group).items():
            file = config_root() / "conf" / group / f"{name}.yaml"
            # Hydra takes a node of a file's own group and name for the file's schema, and warns.
            for place in (f"{group}/schema", *([] if file.is_file() else [group])):
                store.store(group=place, name=name, node=node, package=group, provider="memctl")
    config.register()
