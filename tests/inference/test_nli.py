"""A tiny BERT of the real class with random weights; transformers' own call is the reference."""

import pytest
import torch

from abrege.core.errors import DataError, RecipeError, SetupError
from abrege.inference import nli
from abrege.inference.nli import entailment_label, load_nli_model

WORDS = ["the", "a", "cat", "dog", "sat", "on", "mat", "it", "rains", "is", "under"]
PAIRS = [
    ("the cat sat on the mat", "a cat sat"),
    ("it rains", "the dog is under the mat"),
    ("a dog", "it rains"),
    ("the cat sat on the mat it rains a dog sat", "a cat"),
    ("", "it rains"),
]
NAMES = {0: "contradiction", 1: "neutral", 2: "ENTAILMENT"}


def a_tokenizer(longest=32):
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    inner = Tokenizer(
        models.WordLevel({w: n for n, w in enumerate(special + WORDS)}, unk_token="[UNK]")
    )
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    inner.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 2), ("[SEP]", 3)],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=longest,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )


def written(folder, *, names=NAMES, headless=False):
    from transformers import BertConfig, BertForSequenceClassification, BertModel

    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(WORDS) + 4,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=32,
        initializer_range=0.5,  # so that pairs are told apart
        id2label=names,
        label2id={name: number for number, name in names.items()},
    )
    made = BertModel if headless else BertForSequenceClassification
    made(config).save_pretrained(folder)
    a_tokenizer().save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return written(tmp_path_factory.mktemp("judge"))


def theirs(folder, premise, hypothesis, label=2):
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    inputs = AutoTokenizer.from_pretrained(folder)(premise, hypothesis, return_tensors="pt")
    with torch.no_grad():
        return model(**inputs).logits.softmax(-1)[0, label].item()


@pytest.mark.parametrize("batch_tokens", [1, 30, 4096])
def test_it_is_the_probability_of_transformers_however_pairs_are_batched(
    folder, batch_tokens, monkeypatch
):
    monkeypatch.setattr(nli, "BATCH_TOKENS", batch_tokens)
    probabilities = list(load_nli_model(str(folder)).entailment_probabilities(PAIRS))
    assert probabilities == pytest.approx([theirs(folder, *pair) for pair in PAIRS], rel=1e-5)


def test_premise_and_hypothesis_are_not_exchanged(folder):
    judge = load_nli_model(str(folder))
    forward, backward = judge.entailment_probabilities([PAIRS[0], PAIRS[0][::-1]])
    assert forward == pytest.approx(theirs(folder, *PAIRS[0]), rel=1e-5)
    assert forward != pytest.approx(backward, rel=1e-2)


def test_pairs_beyond_a_window_are_classified_like_the_others(folder, monkeypatch):
    judge = load_nli_model(str(folder))
    whole = list(judge.entailment_probabilities(PAIRS))
    monkeypatch.setattr(nli, "WINDOW", 2)
    assert list(judge.entailment_probabilities(PAIRS)) == pytest.approx(whole, rel=1e-5)


def test_the_premise_is_cut_and_the_hypothesis_is_not(folder):
    # 32 positions hold 29 words and three signs: of a claim of 4 words 25 are left to the premise
    judge = load_nli_model(str(folder))
    words = ["cat", "sat", "dog"] * 20
    long, fitting = " ".join(words), " ".join(words[:25])
    cut, whole = judge.entailment_probabilities(
        [(long, "the dog is under"), (fitting, "the dog is under")]
    )
    assert cut == pytest.approx(whole, rel=1e-5)
    assert judge.truncated_premises == 1


@pytest.mark.parametrize("claim", [29, 60])
def test_a_hypothesis_that_is_too_long_is_an_error_and_not_truncated(folder, claim):
    judge = load_nli_model(str(folder))
    with pytest.raises(DataError, match="reads 32 tokens, and a sentence to classify is longer"):
        list(judge.entailment_probabilities([("it rains", "cat " * claim)]))


def test_entailment_is_found_by_its_name_whatever_its_case_and_place():
    assert entailment_label({0: "entailment", 1: "not_entailment"}, "m") == 0
    assert entailment_label(NAMES, "m") == 2
    assert entailment_label({0: "Contradiction", 1: "Entailed"}, "m") == 1


@pytest.mark.parametrize(
    "names", [{0: "LABEL_0", 1: "LABEL_1"}, {0: "entailment", 1: "entailed"}, {0: "positive"}]
)
def test_labels_that_do_not_say_which_is_entailment_are_refused(names):
    with pytest.raises(RecipeError, match=rf"its labels are {names[0]}.*\n.*id2label"):
        entailment_label(names, "m")


def test_a_model_whose_last_layer_was_never_trained_is_refused(tmp_path):
    with pytest.raises(RecipeError, match=r"no weights for classifier\.bias"):
        load_nli_model(str(written(tmp_path, headless=True)))


def test_the_name_says_the_weights(folder):
    assert load_nli_model(str(folder)).name.startswith(f"{folder.name}@")


def test_a_missing_nli_model_is_an_error(tmp_path):
    with pytest.raises(SetupError, match="this NLI model cannot be loaded"):
        load_nli_model(str(tmp_path))


def test_positions_that_count_on_from_the_pad_token_leave_fewer_for_tokens():
    from transformers import BertConfig, RobertaConfig

    many = a_tokenizer(longest=10**30)
    # RoBERTa's 514 positions hold 512 tokens: its model card says so
    assert nli._max_length(many, RobertaConfig(max_position_embeddings=514)) == 512
    assert nli._max_length(many, BertConfig(max_position_embeddings=512)) == 512
