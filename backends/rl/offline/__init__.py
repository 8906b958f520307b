"""Offline agents for a person's own data: BC, TD3+BC, AWAC, IQL, CQL, one-step RL, with priorities if wanted.

The agents are the kit `backends/rl/offline_agents`; here are the jobs that train and evaluate them.
"""
