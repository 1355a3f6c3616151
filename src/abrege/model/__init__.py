"""The only folder that names torch, transformers and peft."""

import warnings

# peft 0.21 asks transformers 5.23 for a name on its way out; a user can do nothing about it.
warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)
