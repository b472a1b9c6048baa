#!/usr/bin/python3
"""Timestamps of whole seconds: what the lines of a queue ID or of a process can only mean decides.

The generator writes the log and, beside it, what is true of it; the command reads the log. Promised is:

- A queue ID that ends and comes again within its second is two messages. Neither has a line of the other's: not its
  sender, recipient, Message-ID, client, nor its end.
- A process that serves many clients within a second has as many sessions. A message has the TLS and the login of the
  connection that brought it, even where the client before had the same name and address.
"""
import tempfile
import unittest

import generated


class WholeSeconds(unittest.TestCase):
    def check(self, *options):
        with tempfile.TemporaryDirectory(prefix='mailtrace-') as directory:
            generated.Log(directory, '--whole-seconds', *options).check_truth()

    def test_a_queue_id_used_again_in_its_second_is_another_message(self):
        self.check('--reuse', '100', '--noise', '0')

    def test_a_queue_id_used_again_in_the_log_of_many_hosts(self):
        self.check('--reuse', '100', '--hosts', '5')

    def test_many_connections_of_one_process_in_a_second_are_as_many_sessions(self):
        self.check('--connections-per-second', '20')

    def test_a_client_that_comes_back_within_the_second_has_its_new_tls_and_login(self):
        self.check('--connections-per-second', '20', '--returning', '50')

    def test_all_of_it_at_once(self):
        self.check(*generated.CROWDED, '--returning', '30')

    def test_all_of_it_with_traditional_timestamps(self):
        self.check(*generated.CROWDED, '--returning', '30', '--format', 'rfc3164')

    def test_long_queue_ids_too(self):
        self.check(*generated.CROWDED, '--long-ids')


if __name__ == '__main__':
    unittest.main()
