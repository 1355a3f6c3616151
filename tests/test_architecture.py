"""The modules of the package as a graph: no circle of files, imports in functions included."""

import subprocess
import sys
from collections.abc import Iterator

import grimp


def circles(graph: grimp.ImportGraph) -> Iterator[list[str]]:
    """Yield the sets of modules that import one another, directly or not."""
    imports = {
        module: graph.find_modules_directly_imported_by(module) - {"abrege"}
        for module in graph.modules - {"abrege"}
    }
    waiting = dict(imports)
    while free := [m for m, imported in waiting.items() if not imported & waiting.keys()]:
        for module in free:
            del waiting[module]
    if waiting:
        yield sorted(waiting)


def test_no_file_imports_another_in_a_circle():
    graph = grimp.build_graph("abrege", exclude_type_checking_imports=True, cache_dir=None)
    assert [*circles(graph)] == []


def test_a_circle_is_seen():
    graph = grimp.ImportGraph()
    for importer, imported in (("x.a", "x.b"), ("x.b", "x.c"), ("x.c", "x.b"), ("x.d", "x.a")):
        graph.add_import(importer=importer, imported=imported)
    assert [*circles(graph)] == [["x.a", "x.b", "x.c", "x.d"]]


def test_importing_abrege_loads_no_module_of_it():
    script = "import abrege, sys; print(*sorted(m for m in sys.modules if m.startswith('abrege')))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout.split() == ["abrege"], done.stderr
