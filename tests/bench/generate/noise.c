/* What else stands in the log of such a host. */
#include "world.h"

static void write_sshd(struct text *t, uint64_t n)
{
    puts_(t, n & 1 ? "Failed password for invalid user admin from 198.51.100."
                   : "Connection closed by authenticating user root 198.51.100.");
    put_number(t, n >> 8 & 127);
    puts_(t, " port ");
    put_number(t, 1024 + (n >> 16) % 60000);
    puts_(t, n & 1 ? " ssh2" : " [preauth]");
}

static void write_cron(struct text *t, uint64_t n)
{
    puts_(t, n & 1 ? "(root) CMD (   cd / && run-parts --report /etc/cron.hourly)"
                   : "(www-data) CMD (/usr/bin/php /srv/www/cron.php --due ");
    if (!(n & 1)) {
        put_number(t, n >> 8 & 1023);
        putc_(t, ')');
    }
}

static void write_kernel(struct text *t, uint64_t n)
{
    puts_(t, "[");
    put_number(t, 100000 + (n >> 16 & 0xffff));
    putc_(t, '.');
    put_digits(t, n % 1000000, 6);
    puts_(t, "] nft drop: IN=eth0 OUT= SRC=203.0.113.");
    put_number(t, n >> 8 & 255);
    puts_(t, " DST=192.0.2.25 LEN=60 TOS=0x00 PREC=0x00 TTL=51 PROTO=TCP DPT=23 WINDOW=64240 RES=0x00 SYN URGP=0");
}

static void write_systemd(struct text *t, uint64_t n)
{
    puts_(t, n & 1 ? "Started session-" : "session-");
    put_number(t, n >> 8 & 0xffff);
    puts_(t, n & 1 ? ".scope - Session of User root." : ".scope: Deactivated successfully.");
}

static void write_dovecot(struct text *t, uint64_t n)
{
    puts_(t, "imap-login: Login: user=<user");
    put_number(t, n >> 8 & 0xfff);
    puts_(t, "@example.org>, method=PLAIN, rip=203.0.113.");
    put_number(t, n >> 20 & 255);
    puts_(t, ", lip=192.0.2.25, mpid=");
    put_number(t, 1000 + (n >> 28 & 0xffff));
    puts_(t, ", TLS, session=<");
    put_hex(t, mix(n), 16);
    putc_(t, '>');
}

static const struct {
    const char *program;
    bool pid;
    void (*write)(struct text *t, uint64_t n);
} programs[] = {
    {"sshd", true, write_sshd},       {"CRON", true, write_cron},        {"kernel", false, write_kernel},
    {"systemd", true, write_systemd}, {"dovecot", false, write_dovecot}, {"dovecot", false, write_dovecot},
};

void noise(struct world *w)
{
    uint64_t which = below(w, sizeof programs / sizeof *programs), n = mix(w->random);

    line_begin(w, (uint32_t)below(w, w->nhosts), programs[which].program,
               programs[which].pid ? 300 + (uint32_t)(n >> 40 & 0x3fff) : 0);
    programs[which].write(&w->log, n);
    line_end(w);
}
