"""The Python API: what `import abrege` offers, each function the equal of a command."""
