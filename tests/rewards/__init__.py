"""The rules of engine 2, judged from outside: hand-reckoned rows, properties, a naive model."""
