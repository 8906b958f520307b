"""What a finished or running game says about its players: pure functions of its recorded events.

    game = recorded_game(events)              who was who, who was told what
    outcome_of(game), conduct_of(game)        how it ended; how each seat voted and led
    exposure_over_time(game, beliefs_of)      how near Evil came to Merlin
    leaks_of(game), statements_of(game)       what speeches gave away, and what they got wrong
    honesty_of(game, beliefs_of)              what speeches claimed against what their speakers believed

Each module's docstring gives its formulas (specification 4.3 and 4.4). A rate without any case is None,
never zero.
"""
