"""Management of the rules that an app has at X: requests that list and change them."""
