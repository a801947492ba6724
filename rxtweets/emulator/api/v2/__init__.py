"""The endpoints of v2 and the form that messages have there."""
