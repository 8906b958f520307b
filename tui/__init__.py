"""The Textual app over everything that `agents` offers; nothing imports it.

`front_door` is the command `nimue`; `app` holds the places one can go to (`screens/`, made of `widgets/`).
What stands on a screen is read from disk: `run_shelf` lists runs, `event_tail` follows one while it works.
"""
