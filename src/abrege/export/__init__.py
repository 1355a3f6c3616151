"""Export: merge a tuned model, check its parity with the adapter, and write its model card."""

import abrege.models  # noqa: F401 - sets warning filters before torch and transformers load
