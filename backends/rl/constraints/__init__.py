"""What binds a policy to its data, transition by transition or state by state.

`preferences.py` loosens or tightens the pull by answers about actions (OAP), `oracles.py` gives the answers,
`family.py` conditions one policy on how strongly it is bound (FamO2O).
"""
