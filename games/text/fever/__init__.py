"""FEVER: claims to be supported or refuted over a local docstore. Start at `suite.open_suite`."""
