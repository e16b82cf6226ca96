"""How a raw cell becomes a typed value or a refusal."""
