"""A mail server of Debian's (python3-aiosmtpd) for the tests of package notify: STARTTLS, AUTH.

Usage: mailserver.py CERTIFICATE KEY MECHANISMS OFFERS_TLS PORTFILE
It writes its port to PORTFILE, and each letter to standard output, as a line of JSON.
"""
import asyncio
import json
import os
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

certificate, key, mechanisms, offers_tls, portfile = sys.argv[1:]


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("later@"):
            return "451 4.3.2 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        print(json.dumps({
            "tls": session.ssl is not None, "user": session.auth_data.login.decode() if session.auth_data else "",
            "from": envelope.mail_from, "to": envelope.rcpt_tos, "letter": envelope.content.decode("ascii"),
        }), flush=True)
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    right = isinstance(data, LoginPassword) and data.login == b"hald" and data.password == b"s3cr3t"
    return AuthResult(success=right, handled=False, auth_data=data)


async def main():
    context = None
    if offers_tls == "yes":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
    excluded = [m for m in ("PLAIN", "LOGIN") if m not in mechanisms.split(",")]
    server = await asyncio.get_running_loop().create_server(lambda: SMTP(
        Handler(), tls_context=context, authenticator=authenticate, auth_require_tls=True, auth_exclude_mechanism=excluded,
        hostname="mail.test"), "127.0.0.1", 0)
    with open(portfile + ".new", "w") as f:
        f.write(str(server.sockets[0].getsockname()[1]))
    os.rename(portfile + ".new", portfile)
    await server.serve_forever()


asyncio.run(main())
