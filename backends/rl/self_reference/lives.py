"""Lives of agents that recall: the kit's, with a memory in the encoder that is refreshed beside updates."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from backends.rl.environments.making import Environment, widths
from backends.rl.self_reference.memory import SegmentMemory
from backends.rl.self_reference.reference import ReferenceSettings, Retrieval, SelfReference
from backends.rl.skills.contrastive import SkillContrast
from backends.rl.skills.life import Life
from backends.rl.skills.objectives import Surprise, UniformSkill
from backends.rl.skills.phases import MakeEncoder, Scale, finetuned_life, pretrained_life

PUBLISHED_REFERENCE = ReferenceSettings()
SMALL_REFERENCE = ReferenceSettings(
    segments=512, recalled=8, width=32, heads=2, feed_forward=64, reference=8, refresh_every=100
)
REFERENCES: Mapping[str, ReferenceSettings] = {"small": SMALL_REFERENCE, "published": PUBLISHED_REFERENCE}


def recalling_encoder(
    actions: int, scale: Scale, settings: ReferenceSettings, retrieval: Retrieval
) -> MakeEncoder:
    """What makes the encoder of an agent, by the numbers in its states and skills."""

    def make(states: int, skills: int) -> nn.Module:
        features = SkillContrast(states, skills, scale.surprise.width).state
        memory = SegmentMemory(
            features,
            states=states,
            actions=actions,
            keys=skills,
            size=settings.segments,
            length=settings.length,
        )
        return SelfReference(states, skills, memory, settings, retrieval)

    return make


@dataclass(frozen=True, slots=True)
class Refresh:
    """Refreshes the memory of a life every so many updates, from the first on."""

    life: Life
    every: int
    features: nn.Module | None
    paid: bool

    def __call__(self, update: int) -> None:
        encoder = self.life.agent.encoder
        assert isinstance(encoder, SelfReference)
        if (update - 1) % self.every == 0:
            encoder.memory.refresh(self.life.replay, self.features, paid=self.paid)


def recalling_pretraining(
    environment: Environment,
    scale: Scale,
    settings: ReferenceSettings,
    retrieval: Retrieval,
    *,
    seed: int,
    device: str,
) -> Life:
    """CIC with a memory, yet to be lived."""
    encoder = recalling_encoder(widths(environment)[1], scale, settings, retrieval)
    draw = UniformSkill(scale.surprise.skills)
    life = pretrained_life(environment, scale, draw, moss=False, encoder=encoder, seed=seed, device=device)
    assert isinstance(life.purpose, Surprise)
    if retrieval != "none":
        life.after_update = Refresh(life, settings.refresh_every, life.purpose.contrast.state, paid=False)
    return life


def recalling_finetuning(
    environment: Environment,
    scale: Scale,
    settings: ReferenceSettings,
    retrieval: Retrieval,
    weights: Mapping[str, Tensor] | None,
    *,
    seed: int,
    device: str,
) -> Life:
    """A task with a memory of which pretraining's half stays, yet to be lived."""
    encoder = recalling_encoder(widths(environment)[1], scale, settings, retrieval)
    life = finetuned_life(environment, scale, weights, encoder=encoder, seed=seed, device=device)
    if retrieval != "none":
        life.after_update = Refresh(life, settings.refresh_every, None, paid=True)
    return life
