#!/usr/bin/env bash
# A generation_config set on an encoder-decoder with a peft adapter is not the one that it generates with; on a causal model it is.
#
# Versions   peft 0.21.2, transformers 5.24.0, torch 2.13.0
# Guess      model.generation_config = GenerationConfig(...) counts for PeftModelForCausalLM and PeftModelForSeq2SeqLM alike
# Expected   both stop after the 3 new tokens that were set; neither has the 7 of the model inside
# Seen       causal: 3 new tokens. Encoder-decoder: 7, those of the model inside; no warning. So a comparison of a base model with its
#            adapter, both given the same configuration, decodes the two in different ways: forced_eos_token_id (BART, Pegasus, Marian),
#            min_length and length_penalty (bart-large-cnn) stay on for the adapter alone
# abrege     resets the configuration of the model inside as well (inference/decoder.py)
# Exits 0 while this is so.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install -qq --disable-pip-version-check torch==2.13.0 transformers==5.24.0 peft==0.21.2
cat >"$work/try.py" <<'PY'
import torch
from peft import LoraConfig, get_peft_model
from transformers import BartConfig, BartForConditionalGeneration, GenerationConfig, LlamaConfig, LlamaForCausalLM

torch.manual_seed(0)
bart = BartForConditionalGeneration(BartConfig(vocab_size=60, d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
    decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=32, max_position_embeddings=64))
llama = LlamaForCausalLM(LlamaConfig(vocab_size=60, hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2))
ids = torch.tensor([[5, 6, 7]])
new_tokens = {}
for name, model, task, begins in (("causal", llama, "CAUSAL_LM", 3), ("encoder-decoder", bart, "SEQ_2_SEQ_LM", 1)):
    common = dict(do_sample=False, pad_token_id=0, eos_token_id=None, decoder_start_token_id=2)
    model.generation_config = GenerationConfig(max_new_tokens=7, **common)
    adapted = get_peft_model(model, LoraConfig(r=2, target_modules=["q_proj"], task_type=task))
    adapted.generation_config = GenerationConfig(max_new_tokens=3, **common)
    new_tokens[name] = adapted.generate(input_ids=ids).shape[1] - begins
print("new tokens:", new_tokens)
assert new_tokens == {"causal": 3, "encoder-decoder": 7}
PY
"$work/env/bin/python" "$work/try.py" 2>/dev/null
