"""The stress test: texts that contain a trap, and the rules that judge summaries of them."""
