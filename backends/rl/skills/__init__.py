"""Agents with skills: DDPG that acts for a skill, intrinsic rewards, URLB's pretraining and finetuning.

`networks.py` and `ddpg.py` are the agent, `replay.py` its memory, `particle_reward.py`, `contrastive.py` and
`objectives.py` what it is rewarded for without a task, `life.py` the loop, `phases.py` its two uses, and
`noisy_room.py`, `urlb.py` and `worlds.py` where it lives.
"""
