"""A small encyclopedia of things that do not exist, and questions and claims about them.

`world` draws who made, was born, plays and flows where; `articles` writes it down as pages; `questions` and
`claims` ask about the same graph. All of it follows from one seed, in milliseconds, so nothing is stored.
"""
