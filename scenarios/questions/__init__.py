"""Questions turned around: which lever, which reading, which uncertainty, which shock."""
