"""`abrege schema`: the JSON Schema of recipes, for editors that complete and check them."""

import argparse
import json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add an example of use: the command takes no arguments."""
    parser.epilog = f"example:\n  {parser.prog} > abrege.schema.json"


def run(_args: argparse.Namespace) -> int:
    """Print the JSON Schema on stdout."""
    from abrege.recipe import Recipe

    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    print(json.dumps(dialect | Recipe.model_json_schema(), ensure_ascii=False, indent=1))
    return 0
