"""Decode prompts by vLLM: run by `generate_speed.py` in an environment that has it.

reads   on standard input, JSON: model, prompts (lists of token ids), max_new_tokens, threads
prints  a line of JSON: seconds, cpu_seconds, prompt_tokens, new_tokens, peak_memory_gb, texts
"""

import json
import os
import resource
import sys
import time

request = json.load(sys.stdin)
os.environ["VLLM_CPU_OMP_THREADS_BIND"] = ",".join(str(n) for n in range(request["threads"]))
os.environ["VLLM_CPU_KVCACHE_SPACE"] = "1"
os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"

from vllm import LLM, SamplingParams  # noqa: E402 - the settings above are read at import


def main() -> None:
    """Decode a few prompts to warm up, then all of them."""
    llm = LLM(request["model"], dtype="bfloat16", max_model_len=2048, enforce_eager=False)
    settings = SamplingParams(temperature=0.0, max_tokens=request["max_new_tokens"])
    prompts = [{"prompt_token_ids": ids} for ids in request["prompts"]]
    llm.generate(prompts[:8], settings, use_tqdm=False)
    start, cpu = time.perf_counter(), time.process_time()
    outputs = llm.generate(prompts, settings, use_tqdm=False)
    result = {
        "seconds": round(time.perf_counter() - start, 2),
        "cpu_seconds": round(time.process_time() - cpu, 2),
        "prompt_tokens": sum(map(len, request["prompts"])),
        "new_tokens": sum(len(output.outputs[0].token_ids) for output in outputs),
        "peak_memory_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 2),
        "texts": [list(output.outputs[0].token_ids) for output in outputs],
    }
    print(json.dumps(result))


main()
