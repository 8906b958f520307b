"""HotpotQA: questions that two pages together answer, over a local docstore. Start at `suite.open_suite`."""
