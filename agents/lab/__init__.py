"""Runs of the laboratory's jobs: `runs.py` begins, resumes and lists them, `recorder.py` writes their events.

The laboratory itself is `backends/lab`; it knows nothing of run folders.
"""
