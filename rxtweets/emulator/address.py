"""The address and credentials of an emulator, and the environment variables that hand them to programs."""

from __future__ import annotations

from rxtweets.emulator.api.oauth.authenticator import OAuth1Credentials
from rxtweets.emulator.app.services import Services
from rxtweets.emulator.server.certificate import Certificate
from rxtweets.emulator.server.server import Server


class Address:
    """The part of the emulator that says where it is and who may come in."""

    _services: Services
    _server: Server

    @property
    def base_url(self) -> str:
        """``http://host:port``, the root for both protocols; ``https://…`` with `tls`, on the same port.

        One that listens on every address of the machine is named by its loopback address. Raises
        RuntimeError before the first start.
        """
        return f"{'http' if self._server.certificate is None else 'https'}://{self._authority()}"

    def _authority(self) -> str:
        host, port = self._server.host, self._server.port
        if port == 0:
            raise RuntimeError(
                "the emulator has no address before it is started: `with Emulator() as emulator`"
            )
        host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    @property
    def bearer_token(self) -> str:
        """The token that v2 takes; v1.1 takes signatures (`oauth1`) alone."""
        return self._services.authenticator.accounts.bearer_token

    @property
    def user_token(self) -> str:
        """An OAuth 2.0 token of the app's one user, as a sign-in (with PKCE) would give it, with every scope.

        It goes where `bearer_token` goes, as a bearer, to ``/2/activity/subscriptions``, and makes
        subscriptions to private events: those of the user whose id `user_id` is.
        """
        return self._services.authenticator.accounts.user_token

    @property
    def user_id(self) -> int:
        """The id of the app's one user, to whom `oauth1` and `user_token` belong."""
        return self._services.authenticator.accounts.user_id

    @property
    def oauth1(self) -> OAuth1Credentials:
        """Consumer key and secret, access token and its secret, as v1.1 takes them."""
        return self._services.authenticator.accounts.credentials

    @property
    def ca_file(self) -> str:
        """Path of the certificate that clients are to trust (PEM): of the CA that this emulator has made.

        The file is there while the emulator runs, at the same path each time.

        Raises:
            RuntimeError: without `tls`, and before the first start.
        """
        file = self._certificate().ca_file
        if file is None:
            raise RuntimeError("the certificate is written when the emulator is started")
        return str(file)

    def _certificate(self) -> Certificate:
        if self._server.certificate is None:
            raise RuntimeError("only an emulator with TLS has this: Emulator(tls=X_HOSTS)")
        return self._server.certificate

    def env(self) -> dict[str, str]:
        """Return environment variables that point a program written with rxtweets at this emulator.

        With `tls` they also have its CA trusted, by Python's programs and curl in place of all others, by
        Node.js beside them.
        """
        keys = self.oauth1
        return {
            "RXTWEETS_BASE_URL": self.base_url,
            "X_BEARER_TOKEN": self.bearer_token,
            "X_CONSUMER_KEY": keys.consumer_key,
            "X_CONSUMER_SECRET": keys.consumer_secret,
            "X_ACCESS_TOKEN": keys.access_token,
            "X_ACCESS_TOKEN_SECRET": keys.access_token_secret,
            **(self._ca_env() if self._server.certificate is not None else {}),
        }

    def proxy_env(self) -> dict[str, str]:
        """Return environment variables that bring a program here, as by a proxy, that knows only X's hosts.

        For programs that honour HTTPS_PROXY and a variable for CAs, without a change to them or to DNS: those
        written with requests (Tweepy, xdk, rxtweets), httpx, aiohttp with ``trust_env``, curl, Go's net/http,
        and Node.js from version 24. Hosts that are not among `tls` are refused: nothing gets out by this
        way. NO_PROXY, where it is set, still counts.

        Raises:
            RuntimeError: without `tls`, and before the first start.
        """
        ca = self._ca_env()
        proxy = f"http://{self._authority()}"
        return {"HTTPS_PROXY": proxy, "https_proxy": proxy, "NODE_USE_ENV_PROXY": "1", **ca}

    def _ca_env(self) -> dict[str, str]:
        # requests; Python's ssl, OpenSSL and Go; curl; Node.js
        names = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
        return dict.fromkeys(names, self.ca_file)
