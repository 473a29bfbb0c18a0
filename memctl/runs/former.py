"""Folders that earlier versions left, read as if they were of now.

Format 4 (memctl up to November 2026) had one fingerprint for a run instead of a key for each stage,
and other names for some settings. Its samples are those of the present formats, bit for bit.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from memctl.config import RENAMED
from memctl.errors import UserError
from memctl.keys import ANEW, STAGES, keys
from memctl.runs.record import SCHEMA

FORMAT = 4  # the one format before stages had their own that runs are gone on with
WHY = "\n    it was made by an earlier memctl, whose numbers may be others"
NAMES = {"drawing": "use", **RENAMED}


def renamed(node: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Settings under their present names."""
    out = {}
    for key, value in node.items():
        name = NAMES.get(f"{prefix}{key}", f"{prefix}{key}").removeprefix(prefix)
        out[name] = renamed(value, f"{name}.") if isinstance(value, Mapping) else value
    return out


def science(old: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a run of an earlier format."""
    return renamed({k: v for k, v in old.items() if k != "format"})


def status(old: dict[str, Any] | None) -> dict[str, Any] | None:
    """status.json; of an earlier format with keys, by which such a run is known as measured by
    older metrics, or as another's.
    """
    if old is None or "keys" in old or not isinstance(old.get("science"), dict):
        return old
    made = {k: v for k, v in keys_of(old["science"]).items() if k not in ANEW}
    return {**old, "science": science(old["science"]), "keys": made}


def keys_of(old: Mapping[str, Any]) -> dict[str, str]:
    """Stage -> key of the settings of a run of FORMAT; none of those of another."""
    known = science(old)
    if old.get("format") != FORMAT or any(k not in known for k in STAGES["base"].settings):
        return {}
    return keys(known)


def record(old: dict[str, Any], path: Path) -> dict[str, Any]:
    """record.json under the present names. Raises: UserError for one of a later memctl."""
    schema = old.get("schema", 1)
    if not isinstance(schema, int) or schema > SCHEMA:
        raise UserError(
            f"{path}/record.json is of schema {schema}, and this memctl knows up to {SCHEMA}; read"
            " it with the memctl that wrote it"
        )
    if schema == SCHEMA:
        return old
    if schema == 2:  # its word followed from other rules
        return {k: v for k, v in old.items() if k != "verdict"} | {"schema": SCHEMA}
    split = {{"records": "examples"}.get(k, k): v for k, v in old.get("split", {}).items()}
    known = science(old.get("science", {}))
    old = {k: v for k, v in old.items() if k != "verdict"}
    # The probe is as it was; metrics are not.
    made = {k: v for k, v in keys_of(old.get("science", {})).items() if k == "probe"}
    return {**old, "schema": SCHEMA, "keys": made, "split": split, "science": known}
