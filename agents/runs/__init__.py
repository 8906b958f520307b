"""A run on disk: one folder that says what was asked, what happened, and how to go on.

runs/<id>/run.json             what was asked, versions, seed, git revision
          events.jsonl         what happened, append-only (`event_log.py`)
          calls.jsonl          every answered model call, so that none is paid for twice
          checkpoints.sqlite   LangGraph's own checkpoints
          artifacts/           what the run made
"""
