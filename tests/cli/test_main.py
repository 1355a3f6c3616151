"""What all commands share: lookup, exit codes, output streams, and what is not imported."""

import errno
import importlib
import os
import signal
import subprocess
import sys
import warnings

import pytest

from abrege import __version__
from abrege.cli import COMMANDS, STAGES, main
from abrege.core.errors import DataError, GateError, RecipeError, SetupError
from abrege.pipeline import plan

HEAVY = ("torch", "transformers", "peft", "datasets", "numpy", "pydantic", "tqdm")


def abrege(*words: str, stdout: object = subprocess.PIPE) -> subprocess.CompletedProcess[str]:
    """Run the command in its own process, with its output buffered as it is for users."""
    env = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return subprocess.run(
        [sys.executable, "-m", "abrege", *words],
        stdout=stdout, stderr=subprocess.PIPE, text=True, check=False,
        env=env, timeout=60,
    )  # fmt: skip


@pytest.fixture
def a_command_that(monkeypatch):
    """Make `abrege schema` raise, or do, what the test is about."""

    def let(error: BaseException) -> None:
        def fail(_args):
            raise error

        monkeypatch.setattr("abrege.cli.schema.run", fail)

    return let


def test_help_names_every_command_and_loads_nothing_heavy():
    script = (
        "import sys\nfrom abrege.cli import main\n"
        "code = main(['--help'])\n"
        f"print(code, [m for m in {HEAVY} if m in sys.modules],"
        " sorted(m for m in sys.modules if m.startswith('abrege.cli.')))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    *shown, last = result.stdout.splitlines()
    assert last == "0 [] []"
    for command in COMMANDS:
        assert any(line.startswith(f"  {command.name} ") for line in shown)


def test_the_help_of_each_command_loads_no_torch():
    script = (
        "import sys\nfrom abrege.cli import COMMANDS, main\n"
        "codes = {main([c.name, '--help']) for c in COMMANDS}\n"
        f"print(codes, [m for m in {HEAVY} if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout.splitlines()[-1] == "{0} []"


def test_the_stages_of_the_command_line_are_those_of_the_pipeline():
    assert STAGES == plan.STAGES


def test_each_command_has_its_module():
    for command in COMMANDS:
        module = importlib.import_module(f"abrege.cli.{command.module}")
        assert callable(module.add_arguments)
        assert callable(module.run)


def test_version_prints_the_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"abrege {__version__}\n"


def test_without_a_command_the_help_is_on_stderr_and_the_exit_code_is_2(capsys):
    assert main([]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "commands:" in err


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("rnu", "did you mean run?"),
        ("evalute", "did you mean evaluate?"),
        ("summarise", "did you mean summarize?"),
        ("xyzzy", "the commands are run, collect, clean, annotate, split, tune, generate, "
         "evaluate, report, doctor, preview, score, compare, review, stress, summarize, export, "
         "init, schema, env"),
    ],
)  # fmt: skip
def test_an_unknown_command_is_an_error_with_the_nearest_name(capsys, word, hint):
    assert main([word]) == 2
    assert capsys.readouterr().err == f"abrege: {word} is not a command; {hint}\n"


def test_an_unknown_option_is_a_usage_error(capsys):
    assert main(["schema", "--frob"]) == 2
    assert capsys.readouterr().err == (
        "abrege: --frob is not an option of abrege schema.\n  See abrege schema --help.\n"
    )
    assert main(["--frob", "schema"]) == 2


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("run r.yaml --epochs 2", "did you mean --set tune.num_train_epochs=2?"),
        ("run --epochs 2 r.yaml", "did you mean --set tune.num_train_epochs=2?"),
        ("tune r.yaml --lr=1e-4", "did you mean --set tune.learning_rate=1e-4?"),
        ("tune r.yaml --max-length 64", "did you mean --set tune.max_length=64?"),
        ("run r.yaml --fp16", "did you mean --set tune.dtype=float16?"),
        ("run r.yaml --per_device_train_batch_size", "--set tune.batch_size=VALUE?"),
        ("run r.yaml --output_dir x", "did you mean --out DIR?"),
        ("run r.yaml --output x", "did you mean --out?"),
        ("run r.yaml tune.max_steps=2", "did you mean --set tune.max_steps=2?"),
        ("run r.yaml --set tune.max_steps 2", "did you mean --set tune.max_steps=2?"),
        ("preview r.yaml --row 1", "did you mean --rows?"),
        ("tune r.yaml --resume", "the same command resumes what was interrupted"),
        ("score a.txt --referenes r.txt", "did you mean --references?"),
        ("score a.txt --ref r.txt", "did you mean --references?"),
        ("score a.txt --gold r.txt", "did you mean --references?"),
        ("score a.txt r.txt", "did you mean --references r.txt?"),
        ("score a.txt b.txt --references r.txt", "did you mean abrege compare"),
        ("score --predictions a.txt", "the file stands without an option"),
        ("review blind runs/demo --sead 3", "did you mean --seed?"),
    ],
)
def test_an_option_of_another_tool_leads_to_the_setting_or_option_of_ours(capsys, words, hint):
    assert main(words.split()) == 2
    error = capsys.readouterr().err
    assert hint in error
    assert len(error.splitlines()) == 2


@pytest.mark.parametrize("words", [["help", "run"], ["help"]])
def test_help_is_a_command_too(capsys, words):
    assert main(words) == 0
    assert "usage: abrege" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("kind", "code"), [(RecipeError, 2), (DataError, 3), (SetupError, 4), (GateError, 5)]
)
def test_an_error_that_the_user_can_fix_is_one_message_and_a_code(
    capsys, a_command_that, kind, code
):
    a_command_that(kind("pairs.jsonl:7: no.\n  Mend it."))
    assert main(["schema"]) == code
    assert capsys.readouterr() == ("", "abrege: pairs.jsonl:7: no.\n  Mend it.\n")


@pytest.mark.parametrize("words", [["--debug", "schema"], ["schema", "--debug"]])
def test_debug_shows_the_traceback_before_and_after_the_command(capsys, a_command_that, words):
    a_command_that(DataError("no"))
    assert main(words) == 3
    err = capsys.readouterr().err
    assert err.startswith("Traceback (most recent call last):")
    assert err.endswith("abrege: no\n")


def test_a_bug_keeps_its_traceback(a_command_that):
    a_command_that(KeyError("ours"))
    with pytest.raises(KeyError, match="ours"):
        main(["schema"])


@pytest.mark.parametrize(("words", "shown"), [(["schema"], False), (["schema", "--debug"], True)])
def test_deprecations_of_libraries_are_shown_with_debug_only(monkeypatch, words, shown):
    def deprecated(_args):
        warnings.warn("deprecated, removed in v6", FutureWarning, stacklevel=1)
        return 0

    monkeypatch.setattr("abrege.cli.schema.run", deprecated)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert main(words) == 0
    assert bool(caught) is shown


def test_an_interrupt_ends_the_line_and_exits_130(capsys, a_command_that):
    a_command_that(KeyboardInterrupt())
    assert main(["schema"]) == 130
    assert capsys.readouterr().err == "\nabrege: interrupted; nothing was saved\n"


def test_an_interrupted_run_says_that_it_can_be_resumed(capsys, monkeypatch):
    def stop(_args):
        raise KeyboardInterrupt

    monkeypatch.setattr("abrege.cli.run.run", stop)
    assert main(["run", "r.yaml"]) == 130
    message = "interrupted; run the same command again to resume"
    assert capsys.readouterr().err == f"\nabrege: {message}\n"


class SafetensorError(Exception):
    """What safetensors 0.5 raises when it cannot write: no OSError."""


@pytest.mark.parametrize(
    ("error", "where"),
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "runs/x/model"), "runs/x/model"),
        (OSError(errno.EDQUOT, os.strerror(errno.EDQUOT)), "writing"),
        (SafetensorError("I/O error: No space left on device (os error 28)"), "writing"),
        # torch 2.13, torch.save on a full tmpfs
        (
            RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 9 vs 8"),
            "writing",
        ),
    ],
)
def test_a_full_disk_is_an_error_of_the_environment_wherever_it_occurs(
    capfd, a_command_that, monkeypatch, error, where
):
    monkeypatch.setattr("abrege.cli._abandon_stdout", lambda: None)
    a_command_that(error)
    assert main(["schema"]) == 4
    assert capfd.readouterr().err == (
        f"abrege: {where}: the disk is full.\n  Free some room and run the same command again.\n"
    )


def test_other_failures_of_the_system_are_bugs(a_command_that):
    a_command_that(OSError(errno.EIO, "broken"))
    with pytest.raises(OSError, match="broken"):
        main(["schema"])


def test_an_error_of_a_further_process_has_its_rank(capsys, a_command_that, monkeypatch):
    monkeypatch.setenv("RANK", "3")
    a_command_that(DataError("no"))
    main(["schema"])
    assert capsys.readouterr().err == "abrege (rank 3): no\n"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full, which Linux has")  # noqa: PTH110
@pytest.mark.parametrize("word", ["schema", "--version"])
def test_output_to_a_full_disk_is_one_message(word):
    with open("/dev/full", "w") as full:  # noqa: PTH123
        result = abrege(word, stdout=full)
    assert result.returncode == 4
    assert result.stderr.startswith("abrege: writing: the disk is full.")
    assert "Traceback" not in result.stderr
    assert "Exception ignored" not in result.stderr


@pytest.mark.parametrize("word", ["schema", "--version"])
def test_a_closed_pipe_ends_the_command_silently(word):
    reading, writing = os.pipe()
    os.close(reading)
    try:
        result = abrege(word, stdout=writing)
    finally:
        os.close(writing)
    assert (result.returncode, result.stderr) == (1, "")


def test_the_exit_code_reaches_the_shell(tmp_path):
    result = abrege("run", str(tmp_path / "no.yaml"))
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.startswith(f"abrege: {tmp_path}/no.yaml: this recipe is neither a file")


@pytest.mark.parametrize("ctrl_c", [signal.default_int_handler, signal.SIG_IGN])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_kill_and_a_closed_terminal_end_a_command_as_ctrl_c_does(
    number, ctrl_c, monkeypatch, capsys
):
    """A scheduler's SIGTERM ended tuning without a checkpoint."""

    def command(_words):
        signal.raise_signal(number)
        raise AssertionError("the command went on")

    before = signal.signal(number, signal.SIG_DFL)  # nohup ignores SIGHUP, and so do we then
    ctrl_c_before = signal.signal(signal.SIGINT, ctrl_c)  # ignored in the background of a script
    try:
        monkeypatch.setattr("abrege.cli._run_command", command)
        assert main(["tune", "r.yaml"]) == 130
        assert "interrupted; run the same command again to resume" in capsys.readouterr().err
        assert signal.getsignal(number) == signal.SIG_DFL
    finally:
        signal.signal(number, before)
        signal.signal(signal.SIGINT, ctrl_c_before)
