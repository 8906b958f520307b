"""Settings that an agent chooses never lead out of the workspace, however they are written."""

from pathlib import Path

import pytest

from agents.tools.tool import ToolFailure
from agents.tools.workspace_paths import keep_inside


@pytest.mark.parametrize(
    "value",
    [
        "/etc/passwd", "../secret", "data/../../secret", "~/secret", "file:///etc/passwd", "http://x.org/a",
        "a\x00b", Path("/etc"), ["digits", "/etc/passwd"], {"deep": {"deeper": ["../.."]}},
    ],
    ids=repr,
)  # fmt: skip
def test_what_leads_out_is_refused(tmp_path: Path, value: object) -> None:
    with pytest.raises(ToolFailure) as refused:
        keep_inside({"data": value}, [tmp_path])
    assert refused.value.kind == "refused" and "data" in refused.value.message


@pytest.mark.parametrize(
    "value", ["digits", "timm/vit_tiny", "pictures/cats", "./a.npz", 3, None, ["a", "b"], True], ids=repr
)
def test_names_numbers_and_files_of_the_workspace_pass(tmp_path: Path, value: object) -> None:
    keep_inside({"data": value}, [tmp_path])


def test_a_link_that_leads_out_is_refused_and_each_folder_counts(tmp_path: Path) -> None:
    inside, other = tmp_path / "inside", tmp_path / "other"
    inside.mkdir()
    other.mkdir()
    (inside / "link").symlink_to(other)
    with pytest.raises(ToolFailure, match="outside"):
        keep_inside({"data": "link/file"}, [inside])
    keep_inside({"data": str(other / "file")}, [inside, other])
