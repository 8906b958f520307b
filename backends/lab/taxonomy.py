"""Where a method belongs: the areas of the survey of computation-efficient vision, and ours beside them.

After "Computation-efficient Deep Learning for Computer Vision: A Survey" (its four areas: backbones, tasks,
compression, deployment), widened by training, perception and reinforcement learning.
"""

from collections.abc import Mapping
from typing import Literal, get_args

Branch = Literal[
    "backbones/static/convolution",
    "backbones/static/efficient-attention",
    "backbones/static/topology",
    "backbones/static/search",
    "backbones/dynamic/sample-wise",
    "backbones/dynamic/spatial-wise",
    "backbones/dynamic/temporal-wise",
    "tasks/detection",
    "tasks/segmentation",
    "tasks/video",
    "tasks/pose",
    "tasks/three-d",
    "tasks/time-series",
    "tasks/vision-language",
    "tasks/forensics",
    "tasks/generation",
    "compression/pruning",
    "compression/quantisation",
    "compression/distillation",
    "deployment/latency-prediction",
    "deployment/measurement",
    "training/curriculum",
    "training/modular",
    "training/self-supervised",
    "training/adaptation",
    "training/physics",
    "reinforcement-learning/offline",
    "reinforcement-learning/unsupervised",
    "reinforcement-learning/world-models",
    "reinforcement-learning/theory",
]

BRANCHES: tuple[Branch, ...] = get_args(Branch)

AREAS: Mapping[str, str] = {
    "backbones": "Backbones: how a network spends its computation",
    "tasks": "Tasks: detection, segmentation, video and what else a backbone serves",
    "compression": "Compression: making a trained network smaller",
    "deployment": "Deployment: what it costs on a machine",
    "training": "Training: curricula, self-supervision, adaptation",
    "reinforcement-learning": "Reinforcement learning",
}
