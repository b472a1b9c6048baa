"""The lab's name server: what /etc/hosts says, for servers that ask the DNS alone."""

import socketserver
import struct
import threading

import lab

A, PTR = 1, 12
NO_NAME = 3


class Dns:
    def __init__(self):
        self.names = {lab.client_name(n): lab.client_ip(n) for n in range(lab.CLIENTS) if lab.client_name(n)}
        self.names.update((name, lab.server_ip(name)) for name in lab.SERVERS)
        self.addresses = {'.'.join(reversed(ip.split('.'))) + '.in-addr.arpa': name for name, ip in self.names.items()}
        self.server = socketserver.ThreadingUDPServer((lab.server_ip('dns.example'), 53), Question)
        self.server.daemon_threads = True
        self.server.zone = self
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, name, kind):
        """Response code, and the data of the one record that there may be (RFC 1035)."""
        if name in self.names:
            ip = self.names[name]
            return 0, bytes(map(int, ip.split('.'))) if kind == A else None
        if name in self.addresses:
            return 0, wire(self.addresses[name]) if kind == PTR else None
        return NO_NAME, None


def wire(name):
    return b''.join(bytes([len(label)]) + label.encode() for label in name.split('.')) + b'\0'


class Question(socketserver.BaseRequestHandler):
    def handle(self):
        packet, reply_socket = self.request
        labels, at = [], 12
        while packet[at]:
            labels.append(packet[at + 1:at + 1 + packet[at]].decode('ascii', 'replace'))
            at += 1 + packet[at]
        question = packet[12:at + 5]
        kind, = struct.unpack('!H', packet[at + 1:at + 3])
        code, data = self.server.zone.answer('.'.join(labels).lower(), kind)
        record = b'\xc0\x0c' + struct.pack('!HHIH', kind, 1, 60, len(data)) + data if data else b''
        head = packet[:2] + struct.pack('!HHHHH', 0x8580 | code, 1, 1 if data else 0, 0, 0)
        reply_socket.sendto(head + question + record, self.client_address)
