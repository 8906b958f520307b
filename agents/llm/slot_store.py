"""Saves and restores cache slots of the embedded engine through its HTTP interface."""

from agents.llm.engine import Engine


class EngineSlotStore:
    """The slots of one engine. A refusal, as when there is no room, is an answer and not an error."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def save(self, slot: int, file: str) -> int:
        """Save a slot's cache; its size, or 0 when there is no room for it."""
        answer = await self._ask(slot, "save", file)
        return answer.get("n_written", 0)

    async def restore(self, slot: int, file: str) -> bool:
        """Put a saved cache into a slot; False when it is gone."""
        answer = await self._ask(slot, "restore", file)
        return bool(answer.get("n_restored", 0))

    def delete(self, file: str) -> None:
        """Delete a saved cache."""
        (self._engine.snapshots / file).unlink(missing_ok=True)

    async def _ask(self, slot: int, action: str, file: str) -> dict[str, int]:
        import httpx2

        async with httpx2.AsyncClient(timeout=None, trust_env=False) as client:
            answer = await client.post(
                f"{self._engine.url}/slots/{slot}",
                params={"action": action},
                json={"filename": file},
                headers={"Authorization": f"Bearer {self._engine.key}"},
            )
        return answer.json() if answer.is_success else {}
