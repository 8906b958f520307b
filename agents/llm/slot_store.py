"""Saves and restores cache slots of the embedded engine through its HTTP interface."""

from agents.llm.engine import Engine


class EngineSlotStore:
    """The slots of one engine. A refusal, as when there is no room, is an answer and not an error."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def save(self, slot: int, file: str) -> bool:
        return await self._ask(slot, "save", file)

    async def restore(self, slot: int, file: str) -> bool:
        return await self._ask(slot, "restore", file)

    async def _ask(self, slot: int, action: str, file: str) -> bool:
        import httpx2

        async with httpx2.AsyncClient(timeout=None) as client:
            answer = await client.post(
                f"{self._engine.url}/slots/{slot}",
                params={"action": action},
                json={"filename": file},
                headers={"Authorization": f"Bearer {self._engine.key}"},
            )
        return answer.is_success
