"""The Textual app over everything that `agents` offers."""
