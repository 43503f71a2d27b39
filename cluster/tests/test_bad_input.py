"""Bad input: one clear sentence, exit code 1, nothing half-written."""

from pathlib import Path

import pytest

from twotower_cluster import saved
from twotower_cluster.cli import main
from twotower_cluster.refused import RefusedError

FIXTURES = Path(__file__).parent / "fixtures"

pytestmark = pytest.mark.quick


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "cannot resume from this file"),
        (b"user,item\n1,2\n", "cannot resume from this file"),
        (b"\x02\x00\x00\x00\x00\x00\x00\x00{}", "has no record of a run"),
    ],
)
def test_a_file_that_is_no_saved_run(
    content: bytes, problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    assert main(["train", f"--resume={path}", f"--save={tmp_path / 'new'}"]) == 1
    told = capsys.readouterr().err
    assert problem in told
    assert told.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]


def test_another_version_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "model.safetensors"
    content = (FIXTURES / "id.2.safetensors").read_bytes()
    path.write_bytes(content.replace(b'{\\"version\\":1,', b'{\\"version\\":9,'))
    assert main(["train", f"--resume={path}"]) == 1
    assert "version 9; this package reads version 1" in capsys.readouterr().err


def test_a_file_without_the_columns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "data.csv"
    path.write_text("who,what\n1,2\n")
    assert main(["train", f"--data={path}"]) == 1
    assert "no column for `data.columns.user`; columns: who, what" in capsys.readouterr().err


def test_a_folder_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = FIXTURES / "id.2.safetensors"
    for option in ("save", "serve", "json"):
        assert main(["train", f"--resume={source}", f"--{option}={tmp_path / 'no' / 'file'}"]) == 1
        assert f"Make the folder {tmp_path / 'no'} first" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_run_that_cannot_be_written_leaves_the_file_that_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(_: object, path: Path, __: object) -> None:
        Path(path).write_bytes(b"half")
        raise OSError("no space left on device")

    path = tmp_path / "run.safetensors"
    path.write_bytes(b"before")
    run = saved.read(FIXTURES / "id.2.safetensors")
    monkeypatch.setattr(saved, "save_file", half)
    with pytest.raises(RefusedError, match="cannot save the run: no space left"):
        saved.write(path, run)
    assert path.read_bytes() == b"before"
    assert [path.name for path in tmp_path.iterdir()] == ["run.safetensors"]


def test_what_is_not_available_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "run.json"
    config.write_text('{"tune": {}}')
    data = FIXTURES / "interactions.csv"
    assert main(["train", f"--data={data}", f"--config={config}"]) == 1
    assert "`tune` is not available" in capsys.readouterr().err
