#!/usr/bin/env bash
# peft 0.21.0 declares no upper bound for transformers, yet with transformers 5.24 get_peft_model fails for every encoder-decoder.
#
# Versions   peft 0.21.0 with transformers 5.24.0, torch 2.13.0
# Guess      what pip resolves without a complaint works: encoder-decoders load as causal models do
# Expected   get_peft_model returns a model whose generate returns ids
# Seen       AttributeError: 'T5ForConditionalGeneration' object has no attribute '_prepare_encoder_decoder_kwargs_for_generation'
#            (PeftModelForCausalLM is not touched, and peft 0.21.2 generates)
# abrege     asks for peft >= 0.21.2
# Exits 0 while this is so.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
pip="$work/venv/bin/pip install -qq --disable-pip-version-check"
$pip torch==2.13.0 transformers==5.24.0 peft==0.21.0
cat >"$work/try.py" <<'PY'
import importlib.metadata as m
import torch
from peft import LoraConfig, get_peft_model
from transformers import T5Config, T5ForConditionalGeneration

torch.manual_seed(0)
config = T5Config(vocab_size=50, d_model=16, d_kv=4, d_ff=32, num_layers=1, num_heads=2,
                  decoder_start_token_id=0, pad_token_id=0, eos_token_id=1)
lora = LoraConfig(task_type="SEQ_2_SEQ_LM", target_modules=["q", "v"])
try:
    model = get_peft_model(T5ForConditionalGeneration(config), lora)
    ids = model.generate(input_ids=torch.tensor([[5, 6, 7, 1]]), max_new_tokens=3)
    print("peft", m.version("peft"), "generates", tuple(ids.shape))
except AttributeError as error:
    print("peft", m.version("peft"), "AttributeError:", error)
PY
old=$("$work/venv/bin/python" "$work/try.py" 2>/dev/null)
$pip peft==0.21.2
new=$("$work/venv/bin/python" "$work/try.py" 2>/dev/null)
printf '%s\n%s\n' "$old" "$new"
grep -q "0.21.0 AttributeError: .*_prepare_encoder_decoder_kwargs_for_generation" <<<"$old"
grep -q "0.21.2 generates" <<<"$new"
