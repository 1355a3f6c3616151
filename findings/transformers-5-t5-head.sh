#!/usr/bin/env bash
# A T5 whose head is its own (FLAN-T5, T5 v1.1), saved by transformers 5.24, is another model in 4.57, without a word.
#
# Versions   transformers 5.24.0 and 4.57.6, torch 2.13.0
# Guess      a folder that 5 saved loads in 4.57 with equal logits, or is refused
# Expected   equal logits, as for a T5 whose head is tied
# Seen       5.24 writes tie_word_embeddings: true (its own word is scale_decoder_outputs: false) with both weights in the file;
#            4.57 ties the head to the embeddings and scales its input: logits of another model, no warning
# abrege     writes tie_word_embeddings: false, which 5 reads as scale_decoder_outputs (models/saved_config.py)
# Exits 0 while this is so.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for version in 5.24.0 4.57.6; do
  python3 -m venv "$work/$version"
  "$work/$version/bin/pip" install -qq --disable-pip-version-check torch==2.13.0 "transformers==$version"
done
cat >"$work/save.py" <<'PY'
import json, sys, torch
from transformers import T5Config, T5ForConditionalGeneration

torch.manual_seed(0)
config = T5Config(vocab_size=50, d_model=16, d_kv=4, d_ff=32, num_layers=1, num_heads=2, decoder_start_token_id=0,
                  feed_forward_proj="gated-gelu", tie_word_embeddings=False)
model = T5ForConditionalGeneration(config).eval()
model.lm_head.weight = torch.nn.Parameter(torch.randn(50, 16))
model.save_pretrained(sys.argv[1])
ids = torch.tensor([[5, 6, 7, 1]])
again = T5ForConditionalGeneration.from_pretrained(sys.argv[1]).eval()
with torch.no_grad():
    logits = model(input_ids=ids, decoder_input_ids=ids).logits
    assert torch.equal(logits, again(input_ids=ids, decoder_input_ids=ids).logits)
json.dump(logits.tolist(), open(sys.argv[1] + "/logits.json", "w"))
PY
cat >"$work/load.py" <<'PY'
import json, sys, torch
from transformers import T5ForConditionalGeneration

model = T5ForConditionalGeneration.from_pretrained(sys.argv[1]).eval()
ids = torch.tensor([[5, 6, 7, 1]])
with torch.no_grad():
    logits = model(input_ids=ids, decoder_input_ids=ids).logits
difference = (logits - torch.tensor(json.load(open(sys.argv[1] + "/logits.json")))).abs().max().item()
print("head tied:", bool(torch.equal(model.lm_head.weight, model.shared.weight)), "difference:", round(difference, 2))
assert difference > 1
PY
"$work/5.24.0/bin/python" "$work/save.py" "$work/model" 2>/dev/null
grep -E '"(tie_word_embeddings|scale_decoder_outputs)"' "$work/model/config.json"
"$work/4.57.6/bin/python" "$work/load.py" "$work/model"
