/* Hops on their way to a sink: part of walk.h, with the same sink.
 *
 * A hop stands in `received` of a message or a record, and by itself (mailtrace received).
 */
#ifndef MT_EVENT_HOP_H
#define MT_EVENT_HOP_H

#include "mailtrace/received.h"

static __attribute__((noinline)) void hop_string(struct sink *sink, const struct key *key, struct mt_slice s)
{
    if (s.n) {
        sink_string(sink, key, s);
    }
}

static void hop_hosts(struct sink *sink, const struct mt_hop *hop)
{
    static const struct key from = KEY("from"), by = KEY("by");
    static const struct key helo = KEY("helo"), name = KEY("name"), ip = KEY("ip");

    if (hop->helo.n || hop->name.n || hop->ip.n) {
        sink_open(sink, &from, false);
        hop_string(sink, &helo, hop->helo);
        hop_string(sink, &name, hop->name);
        hop_string(sink, &ip, hop->ip);
        sink_close(sink, false);
    }
    if (hop->by_name.n || hop->by_ip.n) {
        sink_open(sink, &by, false);
        hop_string(sink, &name, hop->by_name);
        hop_string(sink, &ip, hop->by_ip);
        sink_close(sink, false);
    }
}

/* The facts that "with" tells: all of them when it is a known protocol. */
static void hop_protocol(struct sink *sink, const struct mt_hop *hop)
{
    static const struct key with = KEY("with"), tls = KEY("tls"), auth = KEY("auth");
    static const struct key utf8 = KEY("utf8");

    hop_string(sink, &with, hop->with);
    if (hop->protocol) {
        sink_boolean(sink, &tls, hop->tls);
    }
    if (hop->protocol || hop->auth) {
        sink_boolean(sink, &auth, hop->auth);
    }
    if (hop->protocol) {
        sink_boolean(sink, &utf8, hop->utf8);
    }
}

static void hop_comments(struct sink *sink, const struct mt_hop *hop)
{
    static const struct key comments = KEY("comments");

    if (!hop->ncomments) {
        return;
    }
    sink_open(sink, &comments, true);
    for (size_t i = 0; i < hop->ncomments; i++) {
        sink_string(sink, NULL, hop->comments[i]);
    }
    sink_close(sink, true);
}

static void walk_hop(struct sink *sink, const struct mt_hop *hop)
{
    static const struct key via = KEY("via"), id = KEY("id"), recipient = KEY("for");
    static const struct key time = KEY("time"), delay = KEY("delay");

    sink_open(sink, NULL, false);
    hop_hosts(sink, hop);
    hop_string(sink, &via, hop->via);
    hop_protocol(sink, hop);
    hop_string(sink, &id, hop->id);
    hop_string(sink, &recipient, hop->recipient);
    if (hop->timed) {
        sink_time(sink, &time, &hop->time);
    }
    if (hop->delayed) {
        sink_seconds(sink, &delay, hop->delay);
    }
    hop_comments(sink, hop);
    sink_close(sink, false);
}

/* Logged headers, a line each, as they stand in the mail: the newest first. Hops go the other way. */
static void walk_hops(struct sink *sink, const struct key *key, struct mt_slice headers)
{
    char scratch[MT_HOP_LOGGED];
    struct mt_hop hop;
    struct mt_time before;
    bool timed = false;

    sink_open(sink, key, true);
    while (headers.n) {
        const char *feed = memrchr(headers.p, '\n', headers.n);
        const char *start = feed ? feed + 1 : headers.p;
        mt_hop_read_logged(mt_slice_to(start, headers.p + headers.n), scratch, &hop);
        if (timed) {
            mt_hop_follow(&hop, &before);
        }
        if (hop.timed) {
            before = hop.time;
            timed = true;
        }
        walk_hop(sink, &hop);
        headers.n = feed ? (size_t)(feed - headers.p) : 0;
    }
    sink_close(sink, true);
}

#endif
