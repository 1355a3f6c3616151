"""The only folder that names torch, transformers and peft."""
