/* A bare-bones correlator for Postfix's log, as one writes it in an afternoon: message-id,
 * from, to with status and dsn, removed. For each attempt to deliver a line of JSON with
 * what is known of the message, and another one for the message when it is removed.
 *
 *     bare <mail.log >events.json
 *
 * It believes every line. No limits, no time-outs, no order but that of the lines, no sessions, no
 * rejects, no escapes but for quotes and backslashes, no hosts: one log of one host, with
 * timestamps of one word. What never ends stays in memory.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text {
    const char *p;
    size_t n;
};

struct message {
    struct message *next; /* of the same bucket */
    uint64_t hash;
    char *id, *message_id, *from;
    unsigned sent, deferred, bounced;
};

static struct message **buckets;
static size_t nbuckets = 1 << 14, nmessages;

static uint64_t hash(struct text t)
{
    uint64_t h = 14695981039346656037u; /* FNV-1a */

    for (size_t i = 0; i < t.n; i++) {
        h = (h ^ (unsigned char)t.p[i]) * 1099511628211u;
    }
    return h ^ h >> 32;
}

static char *copy(struct text t)
{
    char *s = malloc(t.n + 1);

    if (!s) {
        abort();
    }
    memcpy(s, t.p, t.n);
    s[t.n] = '\0';
    return s;
}

static void keep(char **field, struct text t)
{
    if (t.p) {
        free(*field);
        *field = copy(t);
    }
}

static void grow(void)
{
    size_t n = 2 * nbuckets;
    struct message **more = calloc(n, sizeof *more), *m;

    if (!more) {
        abort();
    }
    for (size_t i = 0; i < nbuckets; i++) {
        while ((m = buckets[i])) {
            buckets[i] = m->next;
            m->next = more[m->hash & (n - 1)];
            more[m->hash & (n - 1)] = m;
        }
    }
    free(buckets);
    buckets = more;
    nbuckets = n;
}

static struct message *find(struct text id)
{
    uint64_t h = hash(id);
    struct message *m = buckets[h & (nbuckets - 1)];

    for (; m; m = m->next) {
        if (m->hash == h && strlen(m->id) == id.n && memcmp(m->id, id.p, id.n) == 0) {
            return m;
        }
    }
    if (++nmessages > nbuckets) {
        grow();
    }
    m = calloc(1, sizeof *m);
    if (!m) {
        abort();
    }
    m->hash = h;
    m->id = copy(id);
    m->next = buckets[h & (nbuckets - 1)];
    buckets[h & (nbuckets - 1)] = m;
    return m;
}

static void forget(struct message *m)
{
    struct message **at = &buckets[m->hash & (nbuckets - 1)];

    while (*at != m) {
        at = &(*at)->next;
    }
    *at = m->next;
    nmessages--;
    free(m->id);
    free(m->message_id);
    free(m->from);
    free(m);
}

/* ---- output ---- */

static void put(const char *s)
{
    fputs_unlocked(s, stdout);
}

static void put_string(struct text t)
{
    putchar_unlocked('"');
    for (size_t i = 0; i < t.n; i++) {
        if (t.p[i] == '"' || t.p[i] == '\\') {
            putchar_unlocked('\\');
        }
        putchar_unlocked(t.p[i]);
    }
    putchar_unlocked('"');
}

static void put_field(const char *name, struct text t)
{
    put(name);
    put_string(t);
}

static struct text text_of(const char *s)
{
    return (struct text){s ? s : "", s ? strlen(s) : 0};
}

static void put_message(const char *event, struct text timestamp, struct text host, const struct message *m)
{
    put(event);
    put_field(",\"time\":", timestamp);
    put_field(",\"host\":", host);
    put_field(",\"queue_id\":", text_of(m->id));
    if (m->message_id) {
        put_field(",\"message_id\":", text_of(m->message_id));
    }
    if (m->from) {
        put_field(",\"from\":", text_of(m->from));
    }
}

/* ---- lines ---- */

/* What stands between before and after, from *at on; *at moves behind it. */
static struct text between(struct text *at, const char *before, const char *after)
{
    const char *start = memmem(at->p, at->n, before, strlen(before)), *end;
    struct text found = {NULL, 0};

    if (!start) {
        return found;
    }
    start += strlen(before);
    end = memmem(start, at->n - (size_t)(start - at->p), after, strlen(after));
    if (!end) {
        return found;
    }
    found = (struct text){start, (size_t)(end - start)};
    at->n -= (size_t)(end - at->p);
    at->p = end;
    return found;
}

static bool starts(struct text t, const char *word)
{
    size_t n = strlen(word);

    return t.n >= n && memcmp(t.p, word, n) == 0;
}

static void take_delivery(struct text timestamp, struct text host, struct message *m, struct text rest)
{
    struct text to = between(&rest, "to=<", ">,"), relay = between(&rest, " relay=", ","),
                delay = between(&rest, " delay=", ","), dsn = between(&rest, " dsn=", ","),
                status = between(&rest, " status=", " ");

    m->sent += starts(status, "sent");
    m->deferred += starts(status, "deferred");
    m->bounced += starts(status, "bounced");
    put_message("{\"event\":\"delivery\"", timestamp, host, m);
    put_field(",\"to\":", to);
    put_field(",\"relay\":", relay);
    put(",\"delay\":");
    fwrite_unlocked(delay.p, 1, delay.n, stdout);
    put_field(",\"dsn\":", dsn);
    put_field(",\"status\":", status);
    put("}\n");
}

static void take_removed(struct text timestamp, struct text host, struct message *m)
{
    put_message("{\"event\":\"message\"", timestamp, host, m);
    printf(",\"sent\":%u,\"deferred\":%u,\"bounced\":%u}\n", m->sent, m->deferred, m->bounced);
    forget(m);
}

static bool is_queue_id(struct text t)
{
    for (size_t i = 0; i < t.n; i++) {
        if (!((t.p[i] >= '0' && t.p[i] <= '9') || (t.p[i] >= 'A' && t.p[i] <= 'Z') ||
              (t.p[i] >= 'a' && t.p[i] <= 'z'))) {
            return false;
        }
    }
    return t.n >= 6;
}

static struct text cut(struct text *line, char at)
{
    const char *end = memchr(line->p, at, line->n);
    struct text word = {line->p, end ? (size_t)(end - line->p) : line->n};

    line->p += word.n + (end != NULL);
    line->n -= word.n + (end != NULL);
    return word;
}

static void take(struct text line)
{
    struct text timestamp = cut(&line, ' '), host = cut(&line, ' '), program = cut(&line, ' '), id;

    if (!starts(program, "postfix")) {
        return;
    }
    id = cut(&line, ':');
    if (line.n < 2 || !is_queue_id(id)) {
        return;
    }
    cut(&line, ' ');
    if (starts(line, "message-id=<")) {
        keep(&find(id)->message_id, between(&line, "<", ">"));
    } else if (starts(line, "from=<")) {
        keep(&find(id)->from, between(&line, "<", ">, size="));
    } else if (starts(line, "to=<")) {
        take_delivery(timestamp, host, find(id), line);
    } else if (starts(line, "removed")) {
        take_removed(timestamp, host, find(id));
    }
}

int main(void)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t n;

    buckets = calloc(nbuckets, sizeof *buckets);
    if (!buckets) {
        abort();
    }
    while ((n = getline(&line, &size, stdin)) > 0) {
        take((struct text){line, (size_t)n - (line[n - 1] == '\n')});
    }
    free(line);
    if (fflush(stdout) != 0) {
        perror("bare");
        return 1;
    }
    return 0;
}
