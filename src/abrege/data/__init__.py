"""Documents and pairs: reading them in any usual shape, and dividing them. No models here."""
