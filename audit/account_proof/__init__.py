"""The proof of one account from its own records alone, wherever they come from."""
