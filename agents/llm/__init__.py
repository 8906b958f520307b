"""The model layer: `provider:model` names become LangChain chat models, and `ask` turns their text into typed
answers.

Start with `model.open_model` (a name becomes a model), `ask.ask` (a prompt and a pydantic schema become a
value) and `scripted` (a deterministic model that needs no key). Every concern is a chat model around a chat
model, one a file: `retry`, `rate_limit`, `budget`, `journal`. What is particular to a provider stays in that
provider's file.
"""
