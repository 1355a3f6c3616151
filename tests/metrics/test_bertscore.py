"""Expected values from the package bert-score, on a BERT with random weights."""

import math
import warnings
from collections import defaultdict

import numpy as np
import pytest
import torch

from abrege.core.errors import RecipeError, SetupError
from abrege.inference.encoder import load_encoder
from abrege.metrics.bertscore import EncodedText, score_pair, score_rows
from abrege.metrics.family import BertScoreSettings

ROWS = [
    ("the cat sat on the mat", ["a cat sat", "the mat is under the cat"]),
    ("it rains a lot", ["it rains"]),
    ("", ["a dog sat on the mat"]),
    ("dog dog dog", ["a lot of rain"]),
]
WORDS = [
    "the",
    "a",
    "cat",
    "dog",
    "sat",
    "on",
    "mat",
    "it",
    "rains",
    "rain",
    "lot",
    "of",
    "is",
    "under",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    path = tmp_path_factory.mktemp("encoder")
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    vocab = {word: n for n, word in enumerate(special + WORDS)}
    inner = Tokenizer(models.WordLevel(vocab, unk_token="[UNK]"))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    inner.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    PreTrainedTokenizerFast(
        tokenizer_object=inner,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=32,
    ).save_pretrained(path)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(vocab),
        hidden_size=16,
        num_hidden_layers=3,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=40,
    )
    BertModel(config).save_pretrained(path)
    return path


def theirs(folder, *, layer, idf):
    """Score the first reference of each row with bert-score's own functions."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from bert_score.utils import bert_cos_score_idf, get_idf_dict
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    # it calls a method that only tokenizers of older transformers have, for an empty text
    tokenizer.build_inputs_with_special_tokens = lambda ids: [2, *ids, 3]
    model = AutoModel.from_pretrained(folder).eval()
    model.encoder.layer = torch.nn.ModuleList(model.encoder.layer[:layer])
    references = [refs[0] for _, refs in ROWS]
    weights = defaultdict(lambda: 1.0, {2: 0.0, 3: 0.0})
    if idf:
        weights = get_idf_dict(references, tokenizer, nthreads=0)
    scores = bert_cos_score_idf(
        model, references, [p for p, _ in ROWS], tokenizer, weights, device="cpu", batch_size=2
    )
    return scores.numpy()


@pytest.mark.parametrize("idf", [False, True])
@pytest.mark.parametrize("layer", [2, 3])
def test_the_values_are_bert_scores_own(folder, layer, idf, capsys):
    expected = theirs(folder, layer=layer, idf=idf)
    single = [(p, refs[:1]) for p, refs in ROWS]
    ours, base = score_rows(
        load_encoder(str(folder), layer=layer), single, BertScoreSettings(idf=idf)
    )
    np.testing.assert_allclose(np.array(ours), expected, atol=1e-5)
    assert np.ptp(expected[:, 2]) > 0.1
    assert base is None


def test_of_several_references_the_best_counts(folder):
    encoder = load_encoder(str(folder))
    both, _ = score_rows(encoder, ROWS[:1], BertScoreSettings())
    each = [score_rows(encoder, [(ROWS[0][0], [r])], BertScoreSettings())[0][0] for r in ROWS[0][1]]
    assert both == [max(each, key=lambda s: s.fmeasure)]


def test_rescaling_puts_strange_references_at_0_and_is_the_same_for_every_system(folder):
    encoder = load_encoder(str(folder))
    plain, _ = score_rows(encoder, ROWS, BertScoreSettings())
    scaled, base = score_rows(encoder, ROWS, BertScoreSettings(rescale=True))
    _, of_others = score_rows(encoder, [("a", r) for _, r in ROWS], BertScoreSettings(rescale=True))
    assert base == of_others
    assert 0 < base < 1
    for before, after in zip(plain, scaled, strict=True):
        assert after.fmeasure == pytest.approx((before.fmeasure - base) / (1 - base))


def test_a_hand_made_match():
    def text(*vectors):
        count = len(vectors)
        return EncodedText(
            np.arange(count), np.array(vectors, dtype=np.float32), np.full(count, True)
        )

    # of the prediction's tokens one matches exactly and one is orthogonal to the reference's
    score = score_pair(text((1, 0, 0), (0, 1, 0)), text((1, 0, 0), (0, 0, 1)), None)
    assert score == (0.5, 0.5, 0.5)
    # weights 3 and 1: the token that matches has three quarters of the weight
    score = score_pair(text((1, 0, 0), (0, 1, 0)), text((1, 0, 0)), {0: 3.0, 1: 1.0})
    assert score == (0.75, 1.0, pytest.approx(6 / 7))


def test_a_text_longer_than_the_encoder_reads_is_cut(folder):
    [(ids, vectors, content)] = load_encoder(str(folder)).encode(["cat " * 100])
    assert (len(ids), vectors.shape, int(content.sum())) == (32, (32, 16), 30)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1)


def test_the_name_says_the_weights_and_the_layer(folder):
    name = load_encoder(str(folder), layer=2).name
    assert name.startswith(f"{folder.name}@")
    assert name.endswith("_L2")
    assert load_encoder(str(folder)).name.endswith("_L3")


def test_a_layer_or_encoder_that_is_not_there_is_refused(folder, tmp_path):
    with pytest.raises(RecipeError, match=r"--layer 4: .* has the layers 1 to 3"):
        load_encoder(str(folder), layer=4)
    with pytest.raises(SetupError, match="this encoder cannot be loaded"):
        load_encoder(str(tmp_path))


def test_rare_words_weigh_more(folder):
    from abrege.metrics.bertscore import idf_weights

    texts = [
        EncodedText(np.array(ids), np.empty((0, 1)), np.empty(0)) for ids in ([1, 2, 2], [1, 3])
    ]
    weights = idf_weights(texts)
    assert [weights[n] for n in (1, 2, 9)] == [0.0, math.log(3 / 2), math.log(3)]
