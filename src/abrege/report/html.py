"""Render Jinja2 templates and tables as HTML, with every text escaped."""

from functools import cache, partial
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""Content security policy of our pages: nothing is fetched, and no script runs.

Even if a text slipped through unescaped, a browser would neither run nor fetch anything.
"""
_PACKAGE = "abrege.report"
# Control characters that HTML does not allow, such as NUL, become the replacement character.
_REPLACEMENTS = {c: "\ufffd" for c in [*range(32), *range(127, 160)] if chr(c) not in "\t\n\r"}


def render_template(template: str, *, package: str = _PACKAGE, **context: Any) -> str:
    """Render a template from the folder `templates` of a package.

    The template may extend and include those of the report, such as `page.html.j2`, and inline a
    style sheet or a script of either folder with `asset("name.css")`. Every value is escaped,
    unless it is `markupsafe.Markup`; an undefined one raises an error.
    """
    return _environment(package).get_template(template).render(context)


def read_asset(name: str, *, package: str = _PACKAGE) -> Markup:
    """Return a style sheet, script or icon from the templates of a package, as it is."""
    environment = _environment(package)
    assert environment.loader is not None
    source, _, _ = environment.loader.get_source(environment, name)
    return Markup(source)  # noqa: S704 - a file of this package


@cache
def _environment(package: str) -> Environment:
    packages = dict.fromkeys([package, _PACKAGE])
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(name) for name in packages]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_replace_control_characters,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(asset=partial(read_asset, package=package), policy=POLICY)
    return environment


def _replace_control_characters(value: Any) -> Any:
    if isinstance(value, str) and not isinstance(value, Markup):
        return value.translate(_REPLACEMENTS)
    return value
