"""What there is of memory, and when a long row's is given back."""

from abrege.training.cost import system_memory
from abrege.training.cost.system_memory import UNLIMITED, HeapTrimmer


def test_the_lowest_limit_of_a_container_counts_in_both_versions_of_cgroups(tmp_path):
    mine, groups = tmp_path / "cgroup", tmp_path / "groups"
    limits = {
        "a/memory.max": "max\n",
        "memory.max": "3000\n",
        "memory/b/c/memory.limit_in_bytes": "9223372036854771712\n",
        "memory/b/memory.limit_in_bytes": "2000\n",
        "memory/other/memory.limit_in_bytes": "1\n",
    }
    for name, text in limits.items():
        (groups / name).parent.mkdir(parents=True, exist_ok=True)
        (groups / name).write_text(text)
    container_limits = {}
    for name, text in {"v2": "0::/a\n", "v1": "5:cpu:/x\n4:memory:/b/c\n", "none": ""}.items():
        mine.write_text(text)
        container_limits[name] = system_memory.container_limit(groups, mine)
    assert container_limits == {"v2": 3000, "v1": 2000, "none": UNLIMITED}
    assert system_memory.container_limit(groups, tmp_path / "no such file") == UNLIMITED


def test_no_more_memory_is_available_than_the_container_has(monkeypatch):
    free = system_memory.available_bytes("cpu")
    monkeypatch.setattr(system_memory, "container_limit", lambda: 10**6)
    assert free > system_memory.available_bytes("cpu") == 10**6


def test_memory_is_given_back_when_a_long_row_has_not_come_for_some_steps():
    trimmer = HeapTrimmer()
    ordinary = [trimmer.after_step(1000) for _ in range(6)]
    long = [trimmer.after_step(tokens) for tokens in (4096, 1000, 1000, 1000, 1000, 1000)]
    assert not any(ordinary)
    assert long == [False, False, False, False, True, False]


def test_memory_is_kept_while_long_rows_still_come():
    trimmer = HeapTrimmer()
    assert not any(trimmer.after_step(tokens) for tokens in (1000, 4096, 1000, 1000) * 5)
