"""Registers memctl's sweeper, launcher and search path with Hydra, from a checkout, a wheel or an
editable install.

Hydra 1.3 accepts plugins only from a top-level package `hydra_plugins`; its check is widened to
this package. Its scan executes its own core plugins anew, so classes derived from them are imported
after the scan.
"""

from dataclasses import MISSING, fields

from hydra.core.config_search_path import ConfigSearchPath
from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from hydra.plugins.search_path_plugin import SearchPathPlugin

from memctl import config
from memctl.errors import UserError
from memctl.paths import config_root


class MemctlSearchPath(SearchPathPlugin):
    """Makes `-cn multirun_templates/NAME` and `/config` in a template findable."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        root = config_root()
        search_path.append("memctl", f"file://{root / 'conf'}")
        search_path.append("memctl", f"file://{root}")


def install() -> None:
    """Register everything once; called before `hydra.main`."""
    plugins = Plugins.instance()
    from memctl.samplers import USE
    from memctl.samplers.plugins import own_samplers
    from memctl.sweep.launcher import LocalLauncher, LocalLauncherConfig
    from memctl.sweep.sweeper import GridSweeper, GridSweeperConfig

    accepts = getattr(Plugins, "is_in_toplevel_plugins_module", None)
    if accepts is not None:
        Plugins.is_in_toplevel_plugins_module = staticmethod(  # type: ignore[method-assign, assignment]
            lambda name: name.startswith("memctl.") or accepts(name)
        )
    for plugin in (MemctlSearchPath, GridSweeper, LocalLauncher):
        plugins.register(plugin)
    store = ConfigStore.instance()
    store.store(group="hydra/sweeper", name="grid", node=GridSweeperConfig, provider="memctl")
    store.store(group="hydra/launcher", name="local", node=LocalLauncherConfig, provider="memctl")
    for name, kind in own_samplers().items():
        defaults = {
            f.name: f.default for f in fields(kind) if f.name not in ("timesteps", "schedule")
        }
        missing = [key for key, value in defaults.items() if value is MISSING]
        if missing:
            raise UserError(f"sampler {name}: its field {missing[0]} needs a default")
        store.store(
            group="sampler",
            name=name,
            node={**USE, "name": name, **defaults},
            provider=f"memctl_samplers ({kind.__module__})",
        )
    config.register()
