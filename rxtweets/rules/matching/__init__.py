"""Matching posts against rules, without X."""
