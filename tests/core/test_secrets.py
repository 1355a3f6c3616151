import pytest

from abrege.core.secrets import is_masked, mask_address, mask_fields, secret_texts


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("http://user:secret@host:8000/v1", "http://***@host:8000/v1"),
        ("user:secret@host/v1", "***@host/v1"),
        ("http://user:se/cret@host/v1", "http://***@host/v1"),
        ("http://user:se@cret@host/v1", "http://***@host/v1"),
        ("http://user:se@c/ret@host/v1", "http://***@host/v1"),
        ("http://user:se?cret@host/v1", "http://***@host/v1"),
        ("http://user:se#cret@host/v1", "http://***@host/v1"),
        ("//user:secret@host/v1", "***@host/v1"),
        ("http:user:secret@host/v1", "***@host/v1"),
        ("http://secret@host/v1", "http://***@host/v1"),
        ("https://host/v1?api-key=secret&version=2", "https://host/v1?api-key=***&version=***"),
        ("https://host/v1?secret", "https://host/v1?***"),
        ("https://host/v1#api_key=secret", "https://host/v1#***"),
        ("https://host/v1?key=a@secret", "https://host/v1?key=***"),
        ("https://host/sk-secret1234567890/v1", "https://host/***/v1"),
        ("https://host/v1;api_key=secret/x", "https://host/v1;api_key=***/x"),
        ("https://host/token=secret/v1;v=2", "https://host/token=***/v1;v=2"),
        ("http://localhost:11434/v1", "http://localhost:11434/v1"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
    ],
)
def test_no_secret_of_an_address_is_written(address, written):
    assert mask_address(address) == written
    assert "secret" not in written


def test_secrets_among_the_fields_of_a_request_are_masked_and_the_others_are_not():
    fields = {
        "chat_template_kwargs": {"enable_thinking": False},
        "provider": {"apiKey": "a-b-c", "order": ["x"]},
        "headers": [{"Authorization": "Basic 12345678"}],
        "user_token": ["d"],
        "note": "use sk-1234567890abcdef here",
        "stop_token": "<end>",
        "prompt_cache_key": "run-1",
        "max_key": 3,
    }
    assert mask_fields(fields) == {
        **fields,
        "provider": {"apiKey": "***", "order": ["x"]},
        "headers": [{"Authorization": "***"}],
        "user_token": ["***"],
        "note": "use *** here",
    }
    assert [*secret_texts(fields)] == ["a-b-c", "Basic 12345678", "d", fields["note"]]
    assert is_masked(mask_fields(fields))
    assert not is_masked(fields)
