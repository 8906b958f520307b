"""The app's own colours: a lake by night and by day. Good is blue-green, Evil is red, in both."""

from textual.theme import Theme

LAKE = Theme(
    name="lake",
    primary="#5fb3c8",
    secondary="#8aa7d6",
    accent="#d9b26a",
    foreground="#d5dde2",
    background="#10171c",
    surface="#162027",
    panel="#1d2a33",
    success="#6fbf8f",
    warning="#d9b26a",
    error="#d9707a",
    dark=True,
    variables={"footer-key-foreground": "#d9b26a", "input-selection-background": "#5fb3c8 35%"},
)

LAKE_LIGHT = Theme(
    name="lake-light",
    primary="#1f7a94",
    secondary="#3f5f9e",
    accent="#946410",
    foreground="#1b262c",
    background="#f4f7f8",
    surface="#e9eff1",
    panel="#dbe5e8",
    success="#2c7a4b",
    warning="#8a5a00",
    error="#b0303c",
    dark=False,
    variables={"footer-key-foreground": "#946410"},
)

OWN_THEMES = (LAKE, LAKE_LIGHT)
