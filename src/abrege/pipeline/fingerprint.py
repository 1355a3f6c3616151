"""Fingerprints of code: the source files that a task reaches through its imports."""

import ast
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from abrege.core.hashing import hash_json, hash_path

PACKAGE = "abrege"
ROOT = Path(__file__).parents[1]
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def code_fingerprint(entries: Sequence[str], *, unused: Sequence[str] = ()) -> str:
    """Hash the code of modules and of all modules of abrege that they import.

    entries  dotted names, such as abrege.stages.tune
    unused   modules that are not followed, for the settings at hand never call them

    Docstrings, help texts of settings, comments, layout and imports for type checkers do not
    count. Data files in the folders of the packages that are reached do.
    """
    modules = reached_modules(entries, unused=unused)
    code = {name: _code_of(name).hash for name in modules}
    return hash_json({"code": code, "data": {str(p): hash_path(ROOT / p) for p in _data(modules)}})


def reached_modules(entries: Sequence[str], *, unused: Sequence[str] = ()) -> list[str]:
    """Return the modules of abrege that the entries import, directly or not, in order.

    Imports inside functions count, and so does every package around a module. The outermost
    package does not: it holds the version and nothing that runs.
    """
    reached: set[str] = set()
    waiting = [*entries]
    while waiting:
        name = waiting.pop()
        if name in reached or name in unused:
            continue
        reached.add(name)
        waiting += [*_packages_around(name), *_imported_modules(name)]
    return sorted(reached)


def _packages_around(name: str) -> Iterator[str]:
    parts = name.split(".")
    return (".".join(parts[:length]) for length in range(2, len(parts)))


def _source_file(name: str) -> Path:
    path = ROOT.joinpath(*name.split(".")[1:])
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


class _Code(NamedTuple):
    """What a source file says: the names it may import, and the hash of its code."""

    names: frozenset[str]
    hash: str


def _code_of(name: str) -> _Code:
    return _read_code(_source_file(name).read_text(encoding="utf-8"))


@cache  # by the text, and without its syntax tree: a process that keeps hundreds collects slowly
def _read_code(text: str) -> _Code:
    tree = ast.parse(text)
    return _Code(frozenset(_imported_names(_runtime_nodes(tree))), hash_json(_canonical(tree)))


def _imported_modules(name: str) -> list[str]:
    return [n for n in _code_of(name).names if _source_file(n).is_file()]


def _imported_names(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yield what is imported of abrege: modules, and names that may be modules."""
    for node in nodes:
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        yield from (name for name in names if name.startswith(f"{PACKAGE}."))


def _runtime_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """Yield all nodes but those that only a type checker reads."""
    if _is_for_type_checkers(node):
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _runtime_nodes(child)


def _is_for_type_checkers(node: Any) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def _canonical(node: Any) -> Any:
    """Return a syntax tree as JSON: the same for every Python, without docstrings and positions."""
    if isinstance(node, list):
        return [_canonical(item) for item in node if not _is_for_type_checkers(item)]
    if not isinstance(node, ast.AST):
        return f"{type(node).__name__} {node!a}"
    fields = dict(ast.iter_fields(node))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Field":
        fields["keywords"] = [k for k in node.keywords if k.arg != "description"]
    if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
        fields["body"] = fields["body"][1:]
    held = {name: value for name, value in fields.items() if value not in (None, [])}
    return [type(node).__name__, {name: _canonical(value) for name, value in held.items()}]


def _data(modules: Iterable[str]) -> list[Path]:
    """Return the data files of the packages around the modules, relative to the root."""
    folders = {_source_file(name).parent for name in modules} - {ROOT}
    files = {file for folder in folders for file in _data_files(folder)}
    return sorted(file.relative_to(ROOT) for file in files)


def _data_files(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.is_dir() and path.name != "__pycache__" and not (path / "__init__.py").exists():
            yield from _data_files(path)
        elif path.is_file() and path.suffix not in (".py", ".pyc", ".pyi"):
            yield path
