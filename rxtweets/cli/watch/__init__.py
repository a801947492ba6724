"""`rxtweets watch`: a stream on the whole terminal."""
