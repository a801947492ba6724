"""Matching posts against rules on this side of the wire."""
