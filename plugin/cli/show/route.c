#include "route.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <strings.h>

bool cli_route_add(struct cli_route *route, struct mt_slice header)
{
    if (route->n == CLI_ROUTE_MOST) {
        route->omitted++;
        return true;
    }
    if (route->n == route->room) {
        size_t room = route->room ? 2 * route->room : 16;
        struct cli_hop *hops = realloc(route->hops, room * sizeof *hops);
        if (!hops) {
            return false;
        }
        route->hops = hops;
        route->room = room;
    }
    route->hops[route->n] = (struct cli_hop){0};
    mt_hop_read(header, &route->hops[route->n++].hop);
    return true;
}

void cli_route_free(struct cli_route *route)
{
    free(route->hops);
    *route = (struct cli_route){0};
}

/* ---- who is who ---- */

static bool same(struct mt_slice a, struct mt_slice b)
{
    return a.n && a.n == b.n && b.p && strncasecmp(a.p, b.p, a.n) == 0;
}

static bool is_any(struct mt_slice s, const char *const *list)
{
    for (; *list; list++) {
        if (same(s, mt_slice_str(*list))) {
            return true;
        }
    }
    return false;
}

/* s up to its last dot; empty: there is none. *label: what follows. */
static struct mt_slice without_last(struct mt_slice s, struct mt_slice *label)
{
    const char *dot = s.n ? memrchr(s.p, '.', s.n) : NULL;

    *label = dot ? mt_slice_to(dot + 1, s.p + s.n) : s;
    return dot ? mt_slice_to(s.p, dot) : mt_slice(NULL, 0);
}

struct mt_slice cli_route_domain(struct mt_slice host)
{
    /* below these, a country's registry gives out names at the third level */
    static const char *const registries[] = {"ac", "co", "com", "edu", "go", "gov", "ne", "net", "or", "org", NULL};
    struct mt_slice top, second, third, rest;

    rest = without_last(host, &top);
    if (!rest.n || !top.n || *host.p == '[' || memchr(host.p, ':', host.n) || (*top.p >= '0' && *top.p <= '9')) {
        return mt_slice(NULL, 0);
    }
    rest = without_last(rest, &second);
    if (rest.n && top.n == 2 && is_any(second, registries)) {
        without_last(rest, &third);
        return mt_slice_to(third.p, host.p + host.n);
    }
    return mt_slice_to(second.p, host.p + host.n);
}

static bool same_domain(struct mt_slice a, struct mt_slice b)
{
    return same(cli_route_domain(a), cli_route_domain(b));
}

/* "mx1" and "mx1.example.com" */
static bool same_label(struct mt_slice a, struct mt_slice b)
{
    const char *dot = b.n ? memchr(b.p, '.', b.n) : NULL;

    return a.n && !memchr(a.p, '.', a.n) && dot && same(a, mt_slice_to(b.p, dot));
}

static bool is_private_ipv4(const unsigned char *a)
{
    return a[0] == 10 || a[0] == 127 || (a[0] == 172 && (a[1] & 0xf0) == 16) || (a[0] == 192 && a[1] == 168) ||
           (a[0] == 169 && a[1] == 254) || (a[0] == 100 && (a[1] & 0xc0) == 64);
}

/* RFC 1918, 6598, 3927, 4193, 4291: addresses that mean nothing elsewhere. */
static bool is_private(struct mt_slice ip)
{
    static const unsigned char loopback[16] = {[15] = 1}, mapped[12] = {[10] = 0xff, [11] = 0xff};
    unsigned char a[16];
    char buf[INET6_ADDRSTRLEN];
    const char *scope = ip.n ? memchr(ip.p, '%', ip.n) : NULL;
    size_t n = scope ? (size_t)(scope - ip.p) : ip.n;

    if (!n || n >= sizeof buf) {
        return false;
    }
    memcpy(buf, ip.p, n);
    buf[n] = '\0';
    if (inet_pton(AF_INET, buf, a) == 1) {
        return is_private_ipv4(a);
    }
    if (inet_pton(AF_INET6, buf, a) != 1) {
        return false;
    }
    return memcmp(a, loopback, 16) == 0 || (a[0] & 0xfe) == 0xfc || (a[0] == 0xfe && (a[1] & 0xc0) == 0x80) ||
           (memcmp(a, mapped, 12) == 0 && is_private_ipv4(a + 12));
}

static bool has_from(const struct mt_hop *hop)
{
    return hop->helo.n || hop->name.n || hop->ip.n;
}

static bool is_internal(const struct mt_hop *hop)
{
    if (!has_from(hop) || is_private(hop->ip)) {
        return true;
    }
    return same_domain(hop->name.n ? hop->name : hop->helo, hop->by_name);
}

/* Names that every host may have tell nothing. */
static bool says_little(struct mt_slice host)
{
    return !cli_route_domain(host).n || same_domain(host, MT_LIT("localhost.localdomain"));
}

/* The host that a hop came from is not the one that received it before. */
static bool is_strange(const struct mt_hop *hop, const struct mt_hop *before)
{
    struct mt_slice by = before->by_name;

    if (!has_from(hop) || is_private(hop->ip) || same(hop->ip, before->by_ip) || says_little(by)) {
        return false;
    }
    if (same_domain(hop->helo, by) || same_domain(hop->name, by) || same_label(hop->helo, by) ||
        same_label(hop->name, by)) {
        return false;
    }
    return hop->helo.n || hop->name.n;
}

/* ---- the chain ---- */

static void turn(struct cli_route *route)
{
    for (size_t i = 0, j = route->n; i + 1 < j; i++) {
        struct cli_hop hop = route->hops[i];
        route->hops[i] = route->hops[--j];
        route->hops[j] = hop;
    }
}

void cli_route_finish(struct cli_route *route)
{
    const struct mt_time *before = NULL;
    int64_t longest = 0;

    turn(route);
    route->slowest = route->n;
    for (size_t i = 0; i < route->n; i++) {
        struct cli_hop *h = &route->hops[i];
        h->internal = is_internal(&h->hop);
        h->strange = i && is_strange(&h->hop, &route->hops[i - 1].hop);
        if (before) {
            mt_hop_follow(&h->hop, before);
        }
        if (h->hop.delayed && h->hop.delay > longest) {
            longest = h->hop.delay;
            route->slowest = i;
        }
        if (h->hop.timed) {
            route->first = before ? route->first : h->hop.time.usec;
            route->last = h->hop.time.usec;
            route->timed = true;
            before = &h->hop.time;
        }
    }
}
