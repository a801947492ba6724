"""Accounts, tokens, signatures, and the sign-in."""
