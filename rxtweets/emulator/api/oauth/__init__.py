"""Who may come in: accounts, tokens, signatures, the sign-in."""
