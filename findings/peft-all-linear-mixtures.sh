#!/usr/bin/env bash
# all-linear over a mixture of experts: dense and shared feed-forward layers get no adapter, in silence; the one warning is false.
#
# Versions   peft 0.21.2, transformers 5.24.0, torch 2.13.0
# Guess      every nn.Linear but the output layer gets an adapter; experts, which are tensors, may or may not
# Expected   DeepSeek-V3 with one dense layer and one shared expert: adapters on attention, dense layer and shared expert
# Seen       attention and the expert tensors get one; gate_proj, up_proj and down_proj of the dense layer and of the shared expert
#            get none, and nothing says so. A RuntimeWarning says that rank_pattern and alpha_pattern "were ignored", while the
#            experts' gate_up_proj has the rank of the pattern (2 r). Phi-MoE: the router, a Linear that returns a tuple, gets an
#            adapter, and the first forward pass raises AttributeError: 'tuple' object has no attribute 'dtype'
# abrege     notes the layers without an adapter, leaves such routers out and filters the warning (training/student.py)
# Exits 0 while this is so.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env"
"$work/env/bin/pip" install -qq --disable-pip-version-check torch==2.13.0 transformers==5.24.0 peft==0.21.2
cat >"$work/look.py" <<'PY'
import warnings

import torch
from peft import LoraConfig, get_peft_model
from transformers import DeepseekV3Config, DeepseekV3ForCausalLM, PhimoeConfig, PhimoeForCausalLM

sizes = dict(vocab_size=60, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
             num_key_value_heads=4, max_position_embeddings=64)
model = DeepseekV3ForCausalLM(DeepseekV3Config(**sizes, n_routed_experts=4, num_experts_per_tok=2, n_group=1, topk_group=1,
    moe_intermediate_size=16, q_lora_rank=8, kv_lora_rank=8, qk_rope_head_dim=4, qk_nope_head_dim=4, v_head_dim=4,
    first_k_dense_replace=1, n_shared_experts=1))
linear = {n for n, m in model.named_modules() if isinstance(m, torch.nn.Linear) and n != "lm_head"}
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    adapted = get_peft_model(model, LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM"))
layers = {n.removeprefix("base_model.model."): m for n, m in adapted.named_modules() if hasattr(m, "lora_A")}
without = sorted(linear - set(layers))
print("linear layers without an adapter:", *without)
assert without == [f"model.layers.{part}.{name}_proj" for part in ("0.mlp", "1.mlp.shared_experts") for name in ("down", "gate", "up")]
print("warnings:", *[str(w.message)[:86] for w in caught if "pattern" in str(w.message)], sep="\n  ")
assert any("rank_pattern" in str(w.message) and "ignored" in str(w.message) for w in caught)
ranks = {m.parameter_name: m.r["default"] for m in layers.values() if hasattr(m, "parameter_name")}
print("ranks of the expert tensors:", ranks)
assert ranks["gate_up_proj"] == 8 == adapted.peft_config["default"].rank_pattern[".*\\.gate_up_proj"]

phi = PhimoeForCausalLM(PhimoeConfig(**{**sizes, "num_key_value_heads": 2}, num_local_experts=4))
phi = get_peft_model(phi, LoraConfig(r=4, target_modules="all-linear", task_type="CAUSAL_LM"))
try:
    phi(input_ids=torch.tensor([[5, 6, 7]]))
except AttributeError as error:
    print("Phi-MoE:", error)
else:
    raise SystemExit("Phi-MoE computes")
PY
"$work/env/bin/python" "$work/look.py" 2>/dev/null
