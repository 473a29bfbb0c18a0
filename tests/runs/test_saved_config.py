"""A run's config.yaml is data."""

from pathlib import Path

import pytest

from memctl.data.ecg5000 import URL
from memctl.errors import UserError
from memctl.runs.saved_config import load, plain


@pytest.mark.parametrize(
    "text",
    [
        "data: {name: ecg5000, url: 'http://there/?${oc.env:SECRET}'}",
        "paths: {data: '${oc.env:HOME}'}",
        "seed: ${control.seed}",
        "sampler: {name: mixture, parts: [{name: '${oc.env:HOME}'}]}",
        "data: {'${oc.env:HOME}': 1}",
    ],
)
def test_nothing_in_it_is_looked_up(text: str, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(UserError, match=r"is damaged: .*\$\{.* would be looked up") as told:
        load(tmp_path / "config.yaml")
    assert "SECRET" in text or str(Path.home()) not in str(told.value)


def test_its_address_is_not_asked(tmp_path: Path) -> None:
    from memctl import data

    (tmp_path / "config.yaml").write_text("data: {name: ecg5000, url: 'http://elsewhere/x.zip'}")
    source = data.build(dict(load(tmp_path / "config.yaml").data))
    assert vars(source)["url"] == URL


@pytest.mark.parametrize(
    "text",
    [
        "data: &a {name: *a}",
        "a0: &a0 [x, x]\n" + "".join(f"a{k}: &a{k} [*a{k - 1}, *a{k - 1}]\n" for k in range(1, 60)),
        "data: " + "[" * 3000 + "]" * 3000,
        "\n".join(" " * k + "a:" for k in range(1200)),
        "data: {name: " + "x" * 1_000_000 + "}",
        "seed: !!python/object/apply:os.getcwd []",
    ],
    ids=["itself", "doubling", "lists", "maps", "long", "tag"],
)
def test_a_file_without_end_is_one_message(text: str, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(text)
    for read in (load, plain):
        with pytest.raises(UserError, match="is damaged") as told:
            read(tmp_path / "config.yaml")
        assert len(str(told.value)) < 400
