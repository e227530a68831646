"""The folder of compiled kernels: never stale, never trusted unread, never a reason to fail.

What compiles does so in a process of its own, on a package of two small kernels beside copies of the files
that compile, keep and load; the real kernels take far longer and are tested the same way once.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import llvmlite
import numba
import numpy as np
import pytest

from sim.compiler import cache
from sim.compiler.native import Code
from sim.compiler.stages import stage

SIM = Path(cache.__file__).parents[1]
TESTS = Path(__file__).parents[1]
WITHOUT_COMPILED = shutil.ignore_patterns("__pycache__")
TINY = """
from sim.compiler.stages import stage

@stage
def tripled(x):
    return 3.0 * x

@stage
def total(row):
    out = 0.0
    for i in range(row.shape[0]):
        out += tripled(row[i])
    return out
"""
ASK = """
import sys
import numpy as np
from sim.kernels.tiny import total
value = total(np.arange(5.0))
print(value, "compiled" if "numba" in sys.modules else "loaded")
"""
INSTALL = "from sim.compiler import cache; cache.translations_are_kept = True" + ASK


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """This process keeps its files here, and nowhere else."""
    for name in ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "first"))
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path / "absent"))
    for key in (cache.key, cache.portable_key):
        key.cache_clear()
    yield tmp_path / "first" / f"kernels-{cache.key()}"
    for key in (cache.key, cache.portable_key):
        key.cache_clear()


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package ``sim`` of two small kernels."""
    kernels = tmp_path / "package" / "sim" / "kernels"
    kernels.mkdir(parents=True)
    shutil.copytree(SIM / "compiler", kernels.with_name("compiler"), ignore=WITHOUT_COMPILED)
    for folder in (kernels, kernels.parent):
        (folder / "__init__.py").touch()
    (kernels / "tiny.py").write_text(TINY)
    (tmp_path / "package" / "temporary").mkdir()
    (tmp_path / "package" / "temporary" / f"fundsim-{os.getuid()}").touch()  # in the folder's way
    return tmp_path / "package"


def new_key() -> str:
    """The key as another process would have it."""
    cache.portable_key.cache_clear()
    return cache.key.__wrapped__()


def started(
    package: Path, limit: Callable[[], None] | None = None, ask: str = ASK, **where: str
) -> subprocess.Popen[str]:
    """A process that asks the package for its total; ``where`` are its environment's folders."""
    places = {"NUMBA_CACHE_DIR": str(package / "kept"), "HOME": "/dev/null"}
    places["TMPDIR"] = str(package / "temporary")
    environment = {name: value for name, value in os.environ.items() if name != "XDG_CACHE_HOME"}
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", ask],
        env=environment | places | where | {"PYTHONPATH": str(package), "PYTHONDONTWRITEBYTECODE": "1"},
        cwd=package,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limit,
    )


def answer(process: subprocess.Popen[str]) -> str:
    """What it said; it must not have failed, nor complained."""
    said, complaint = process.communicate(timeout=120)
    assert (process.returncode, complaint) == (0, "")
    return said.strip()


def kept(package: Path) -> list[Path]:
    """The files in the package's folder of compiled kernels."""
    return sorted(path for path in (package / "kept").rglob("*") if path.is_file())


def test_an_edited_callee_is_seen(package: Path) -> None:
    assert answer(started(package)) == "30.0 compiled"
    assert answer(started(package)) == "30.0 loaded"
    tiny = package / "sim" / "kernels" / "tiny.py"
    before = tiny.stat()
    tiny.write_text(TINY.replace("3.0", "4.0"))
    os.utime(tiny, ns=(before.st_atime_ns, before.st_mtime_ns))  # not by its time, nor by its size
    assert answer(started(package)) == "40.0 compiled"
    assert len(kept(package)) == 2


def test_a_change_of_the_compiler_is_seen(package: Path) -> None:
    assert answer(started(package)) == "30.0 compiled"
    with (package / "sim" / "compiler" / "translation.py").open("a") as source:
        source.write("# translates otherwise\n")
    assert answer(started(package)) == "30.0 compiled"
    assert len(kept(package)) == 2


def test_portable_code_of_the_installation_needs_no_translation(package: Path) -> None:
    assert answer(started(package)) == "30.0 compiled"
    assert answer(started(package, ask=INSTALL)) == "30.0 compiled"
    assert answer(started(package, ask=INSTALL)) == "30.0 loaded"
    (portable,) = (package / "sim/kernels/translated").rglob("*total*")
    assert portable.stat().st_mode & 0o777 == 0o644
    shutil.rmtree(package / "kept")
    assert answer(started(package)) == "30.0 loaded"
    assert len(kept(package)) == 1
    nowhere = {"NUMBA_CACHE_DIR": "/dev/null/kept"}
    assert answer(started(package, **nowhere)) == "30.0 loaded"
    portable.write_bytes(portable.read_bytes()[:-1])
    assert answer(started(package, **nowhere)) == "30.0 compiled"


def test_portable_code_of_former_sources_is_not_used_and_goes(package: Path) -> None:
    assert answer(started(package, ask=INSTALL)) == "30.0 compiled"
    (package / "sim" / "kernels" / "tiny.py").write_text(TINY.replace("3.0", "4.0"))
    assert answer(started(package)) == "40.0 compiled"
    former = [*(package / "sim/kernels/translated").iterdir()]
    shutil.rmtree(package / "kept")
    assert answer(started(package, ask=INSTALL)) == "40.0 compiled"
    (present,) = (package / "sim/kernels/translated").iterdir()
    assert len(former) == 1 and present not in former


def test_a_damaged_file_is_compiled_anew_and_mended(package: Path) -> None:
    assert answer(started(package)) == "30.0 compiled"
    (file,) = kept(package)
    whole = file.read_bytes()
    middle = len(whole) // 2
    file.write_bytes(whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :])
    assert answer(started(package)) == "30.0 compiled"
    assert answer(started(package)) == "30.0 loaded"


def test_processes_that_compile_at_once_do_not_meet(package: Path) -> None:
    together = [started(package) for _ in range(4)]
    assert {answer(process).split()[0] for process in together} == {"30.0"}
    assert len(kept(package)) == 1
    assert answer(started(package)) == "30.0 loaded"


def test_a_full_disk_costs_time_alone(package: Path) -> None:
    resource = pytest.importorskip("resource")  # POSIX alone can limit files

    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    assert answer(started(package, full)) == "30.0 compiled"
    assert kept(package) == []


def test_without_any_place_to_write(package: Path) -> None:
    assert answer(started(package, NUMBA_CACHE_DIR="/dev/null/kept")) == "30.0 compiled"


@pytest.mark.slow  # four compilations of the whole simulation
def test_the_real_kernels_at_once_then_loaded_then_edited(tmp_path: Path) -> None:
    shutil.copytree(SIM, tmp_path / "sim", ignore=WITHOUT_COMPILED)
    first = [block(tmp_path), block(tmp_path)]
    loaded = [process.communicate(timeout=600)[0] for process in (*first, block(tmp_path))]
    assert len(loaded[0]) > 1000 and loaded[1:] == loaded[:1] * 2
    threefry = tmp_path / "sim" / "kernels" / "threefry.py"
    threefry.write_text(threefry.read_text().replace("0x1BD11BDA", "0x1BD11BDB"))
    assert len({block(tmp_path).communicate(timeout=600)[0], loaded[0]}) == 2


def block(package: Path) -> subprocess.Popen[bytes]:
    """One block of the engine in ``package``, its moments in bytes."""
    code = f"""
import sys; sys.path.append({str(TESTS)!r})
from drawn import make_case
from sim import simulate
assert simulate.__file__.startswith({str(package)!r})
result = simulate.simulate(make_case(years=1), paths=256, seed=3, threads=1)
sys.stdout.buffer.write(result.moments.tobytes())
"""
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(TESTS.parent), "NUMBA_CACHE_DIR": str(package / "kept")},
        cwd=package,  # comes before PYTHONPATH
        stdout=subprocess.PIPE,
    )


def test_what_was_written_is_read(place: Path) -> None:
    content = b"\0\1" * 5000
    assert cache.read("kernel") is None
    cache.write("kernel", content)
    assert cache.read("kernel") == content
    assert [path.name for path in place.iterdir()] == ["kernel"]


def test_no_cut_and_no_changed_byte_goes_unseen(place: Path) -> None:
    cache.write("kernel", bytes(range(20)))
    whole = (place / "kernel").read_bytes()
    for at in range(len(whole)):
        for damaged in (whole[:at], whole[:at] + bytes([whole[at] ^ 0x40]) + whole[at + 1 :]):
            (place / "kernel").write_bytes(damaged)
            assert cache.read("kernel") is None


def test_the_next_place_is_taken_where_one_is_full(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "second"))
    rename = os.replace

    def full(source: str, target: Path) -> None:
        if target.is_relative_to(tmp_path / "first"):
            raise OSError(errno.ENOSPC, "no space left on device")
        rename(source, target)

    monkeypatch.setattr(os, "replace", full)
    cache.write("kernel", b"5")
    assert cache.read("kernel") == b"5"
    assert list(place.iterdir()) == []
    assert (tmp_path / "second" / "fundsim" / place.name / "kernel").is_file()


def test_a_shared_temporary_folder_must_be_the_users_own(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    own = tmp_path / f"fundsim-{os.getuid()}"
    assert list(cache.places())[-1].parent == own and own.stat().st_mode & 0o777 == 0o700
    own.chmod(0o777)
    assert own not in {path.parent for path in cache.places()}
    own.rmdir()
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    own.symlink_to(tmp_path / "elsewhere")
    assert own not in {path.parent for path in cache.places()}


def test_folders_of_former_versions_go_after_a_month_of_disuse(place: Path) -> None:
    now = time.time()
    for name, days in (("kernels-old", 31), ("kernels-recent", 29), ("other-old", 99)):
        (place.parent / name).mkdir(parents=True)
        (place.parent / name / "kernel").touch()
        os.utime(place.parent / name, (now, now - days * cache.DAY))
    cache.write("kernel", b"1")
    assert {path.name for path in place.parent.iterdir()} == {place.name, "kernels-recent", "other-old"}
    os.utime(place, (now, now - 40 * cache.DAY))
    assert cache.read("kernel") == b"1"  # which is use
    assert time.time() - place.stat().st_mtime < cache.DAY


@pytest.mark.parametrize(
    ("owner", "name", "value"),
    [
        (llvmlite, "__version__", "9"),
        (np, "__version__", "9"),
        (sys.implementation, "cache_tag", "cpython-999"),
        (cache.llvm, "get_host_cpu_name", lambda: "i486"),
    ],
)
def test_the_key_changes_with_the_compiler_and_the_processor(
    monkeypatch: pytest.MonkeyPatch, owner: object, name: str, value: object
) -> None:
    before = new_key()
    monkeypatch.setattr(owner, name, value)
    assert new_key() != before


@pytest.mark.parametrize("name", ["CPU_NAME", "CPU_FEATURES", "OPT", "LOOP_VECTORIZE", "BOUNDSCHECK"])
def test_the_key_changes_with_settings_of_numba(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    before = new_key()
    Path(".numba_config.yaml").write_text(f"{name.lower()}: 1")
    by_file = new_key()
    Path(".numba_config.yaml").unlink()
    monkeypatch.setenv(f"NUMBA_{name}", "1")
    assert len({before, by_file, new_key()}) == 3


def test_the_key_changes_with_the_version_of_numba(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = new_key()
    (tmp_path / "numba").mkdir()
    for file in ("__init__.py", "_version.py"):
        shutil.copy(Path(numba.__file__).with_name(file), tmp_path / "numba")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "numba")
    assert new_key() == before
    (tmp_path / "numba" / "_version.py").write_text("version = '0.68.99'")
    assert new_key() != before


def test_the_key_does_not_depend_on_threads_or_places(monkeypatch: pytest.MonkeyPatch) -> None:
    before = new_key()
    for name, value in (("NUM_THREADS", "1"), ("DEFAULT_NUM_THREADS", "1"), ("CACHE_DIR", "/x")):
        monkeypatch.setenv(f"NUMBA_{name}", value)
    assert new_key() == before


def test_only_kernels_are_kept_for_the_key_covers_no_other_source(place: Path) -> None:
    @stage
    def elsewhere(x):
        return x + 1.0

    assert elsewhere(1.0) == 2.0
    assert not place.exists()


def test_code_that_calls_what_is_not_here_is_compiled_anew(package: Path) -> None:
    assert answer(started(package)) == "30.0 compiled"
    (file,) = kept(package)
    code = Code.from_bytes(file.read_bytes()[cache.CHECKSUM :])
    content = code._replace(needed=("of_another_library",)).to_bytes()
    file.write_bytes(hashlib.sha256(content).digest() + content)
    assert answer(started(package)) == "30.0 compiled"
    assert answer(started(package)) == "30.0 loaded"
