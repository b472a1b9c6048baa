"""What is true of every server of the lab, and what sets one apart from the others.

A server is a file with a class of this kind, a line in lab.SERVERS and one in setup; scenarios.py says what is tried on it.
"""


class Mta:
    """host: its name in the log; mta: as in events; name: its name in the DNS; domain: that of its mailboxes.

    silent: what its log does not tell, of these: message-id, protocol, security (whether a protocol was with TLS or AUTH),
        tls (of what comes in), tls-out, user, mechanism, orig-to, links (which message a notification is about), size-refused
        (a SIZE= that is too big), relay-refused (who refused a recipient), auth-failed, lost-connection, given-rejected,
        given-incomplete (that data began, where it was never accepted)
    held, waiting: what queue() says of mail that is held, and of mail that waits for its next attempt
    failed: what its notifications call the end of the attempts (RFC 3464 has `failed`)
    forwards_anew, aliases_anew: what a user, or an alias, sends elsewhere becomes a queue entry of its own
    """
    host = mta = name = domain = root = ip = None
    silent = frozenset()
    forwards_anew = aliases_anew = False
    held = waiting = None
    failed = ('failed',)

    def tells(self, fact):
        return fact not in self.silent

    def queue_id_of(self, reply):
        """From the words of the answer to a message that was taken: `2.0.0 ID Message accepted for delivery`"""
        return reply.split()[1]

    def cuts_client(self, helo):
        """Whether its line about a client with so long a HELO name may end before the client's address."""
        return False

    def written_helo(self, name):
        return name

    def written(self, address):
        """A recipient as its log has it."""
        return address
