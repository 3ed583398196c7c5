"""The one catalogue of sentences: gettext files, and how a `Text` becomes words in a reader's language."""
