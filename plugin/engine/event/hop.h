/* Hops on their way to a sink: part of walk.h, with the same sink.
 *
 * A hop stands in `received` of a message or a record, and by itself (mailtrace received).
 */
#ifndef MT_EVENT_HOP_H
#define MT_EVENT_HOP_H

#include "key.h"
#include "mailtrace/received.h"

static __attribute__((noinline)) void hop_string(struct sink *sink, const struct mt_key *key, struct mt_slice s)
{
    if (s.n) {
        sink_string(sink, key, s);
    }
}

static void hop_hosts(struct sink *sink, const struct mt_hop *hop)
{
    static const struct mt_key from = MT_KEY("from"), by = MT_KEY("by");
    static const struct mt_key helo = MT_KEY("helo"), name = MT_KEY("name"), ip = MT_KEY("ip");

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
    static const struct mt_key with = MT_KEY("with"), tls = MT_KEY("tls"), auth = MT_KEY("auth");
    static const struct mt_key utf8 = MT_KEY("utf8");

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
    static const struct mt_key comments = MT_KEY("comments");

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
    static const struct mt_key via = MT_KEY("via"), id = MT_KEY("id"), recipient = MT_KEY("for");
    static const struct mt_key time = MT_KEY("time"), delay = MT_KEY("delay");

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

#endif
