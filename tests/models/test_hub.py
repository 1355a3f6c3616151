"""A hub that does not answer is asked once; the local cache is then read without retries."""

import huggingface_hub.constants
import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import RepositoryNotFoundError

from abrege.models import hub


@pytest.fixture
def ask(monkeypatch):
    """Return what makes the hub answer with an error or a value, and lists what it is asked for."""
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(hub, "_answered", set())
    asked = []

    def answer(outcome):
        def model_info(_, name, **__):
            asked.append(name)
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        monkeypatch.setattr(HfApi, "model_info", model_info)
        return asked

    return answer


def is_offline(name):
    with hub.without_retries(name):
        return huggingface_hub.is_offline_mode()


def test_without_an_answer_only_the_cache_is_read_and_the_setting_is_restored(ask):
    """Each file was tried six times: 23 s of lines that say "Retrying"."""
    asked = ask(ConnectionError("Name or service not known"))
    assert is_offline("org/model")
    assert not huggingface_hub.is_offline_mode()
    assert is_offline("org/model")  # it may be back: it is asked again
    assert asked == ["org/model", "org/model"]


class _Response:
    headers, request, status_code, text = {}, None, 404, ""


@pytest.mark.parametrize("outcome", [None, RepositoryNotFoundError("404", response=_Response())])
def test_a_hub_that_answers_is_asked_once_for_a_name(ask, outcome):
    asked = ask(outcome)
    assert not is_offline("org/model")
    assert not is_offline("org/model")
    assert asked == ["org/model"]


def test_the_hub_is_not_asked_for_a_folder(ask, tmp_path):
    asked = ask(ConnectionError())
    assert not is_offline(str(tmp_path))
    assert asked == []
