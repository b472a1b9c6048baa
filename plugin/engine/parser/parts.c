/* Putting split lines together: see parts.h.
 *
 * A line is known by host, program, pid and what stands before "[n]: ". A process logs one split
 * line after another with the same prefix, so a piece goes to the line of that key that lacks its
 * number and is nearest in time, the older of two; a piece that is there already (same timestamp,
 * same text) changes nothing.
 * Whole lines are kept until they expire, for such repeats.
 *
 * Lines hang in a chain by key and in a list by age. When memory is short, whole ones go
 * first, then the oldest.
 */
#include "mailtrace/parts.h"

#include <stdio.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define BUCKETS   4096
#define MAX_PARTS 999                     /* sendmail/conf.c, sm_syslog */
#define MAX_APART (60 * INT64_C(1000000)) /* usec between pieces of a line, which are written in one go */

struct piece {
    struct piece *next; /* by number */
    uint64_t order;
    struct mt_time time;
    uint16_t number;
    bool last; /* no " ..." at its end */
    size_t n;
    char text[];
};

struct split {
    struct split *chain;         /* of its bucket, oldest first */
    struct split *older, *newer; /* of all */
    struct piece *pieces;
    size_t count; /* of pieces */
    size_t bytes; /* of the whole allocation, pieces included */
    int64_t newest;
    uint64_t hash;
    uint32_t pid;
    uint8_t source; /* as line.source */
    bool done;
    size_t host, program, prefix; /* lengths in key */
    char key[];
};

struct mt_parts {
    struct split *buckets[BUCKETS];
    struct split *oldest, *newest;
    size_t max_bytes, max_line, bytes;
    uint64_t seed;
    uint64_t incomplete;
    char *line; /* the last whole line: host, program, text */
};

/* The key and the piece, taken out of a record. */
struct part {
    struct mt_slice host, program, prefix, text;
    uint32_t pid;
    uint64_t hash; /* with a random seed: who sends lines must not choose it */
    uint16_t number;
    uint8_t source;
    bool last;
};

struct mt_parts *mt_parts_new(size_t max_bytes, size_t max_line, uint64_t seed)
{
    struct mt_parts *parts = calloc(1, sizeof *parts);

    if (parts) {
        parts->max_bytes = max_bytes;
        parts->max_line = max_line;
        parts->seed = seed;
    }
    return parts;
}

static struct part part_of(const struct mt_parts *parts, const struct mt_record *rec)
{
    struct part part = {.host = rec->line.host,
                        .program = rec->line.program,
                        .prefix = rec->line.text,
                        .text = mt_get(&rec->f, MT_F_TEXT),
                        .pid = rec->line.pid,
                        .number = rec->part,
                        .source = rec->line.source,
                        .last = true};
    size_t n = 0;

    while (n < part.prefix.n && part.prefix.p[n] != '[') {
        n++;
    }
    part.prefix.n = n;
    part.hash = XXH3_64bits_withSeed(part.host.p, part.host.n, parts->seed ^ part.pid);
    part.hash = XXH3_64bits_withSeed(part.program.p, part.program.n, part.hash);
    part.hash = XXH3_64bits_withSeed(part.prefix.p, part.prefix.n, part.hash);
    if (mt_slice_ends(part.text, MT_LIT(" ..."))) {
        part.last = false;
        part.text.n -= 4;
    } else if (part.number == MAX_PARTS && mt_slice_eq(part.text, MT_LIT("log terminated, too many parts"))) {
        part.text.n = 0;
    }
    return part;
}

static bool same_key(const struct split *split, const struct part *part)
{
    const char *key = split->key;

    return split->hash == part->hash && split->pid == part->pid &&
           mt_slice_eq(mt_slice(key, split->host), part->host) &&
           mt_slice_eq(mt_slice(key + split->host, split->program), part->program) &&
           mt_slice_eq(mt_slice(key + split->host + split->program, split->prefix), part->prefix);
}

static void drop(struct mt_parts *parts, struct split *split)
{
    struct split **at = &parts->buckets[split->hash % BUCKETS];

    while (*at != split) {
        at = &(*at)->chain;
    }
    *at = split->chain;
    *(split->older ? &split->older->newer : &parts->oldest) = split->newer;
    *(split->newer ? &split->newer->older : &parts->newest) = split->older;
    parts->bytes -= split->bytes;
    while (split->pieces) {
        struct piece *piece = split->pieces;
        split->pieces = piece->next;
        free(piece);
    }
    free(split);
}

bool mt_parts_drop(struct mt_parts *parts)
{
    if (parts->oldest) {
        drop(parts, parts->oldest);
    }
    return parts->oldest;
}

void mt_parts_free(struct mt_parts *parts)
{
    if (!parts) {
        return;
    }
    while (mt_parts_drop(parts)) {
    }
    free(parts->line);
    free(parts);
}

/* Makes room for n bytes; keep is not given up. Returns false when that is not possible. */
static bool make_room(struct mt_parts *parts, size_t n, const struct split *keep)
{
    for (int done = 1; done >= 0; done--) {
        struct split *split = parts->oldest;
        while (split && parts->bytes + n > parts->max_bytes) {
            struct split *next = split->newer;
            if (split != keep && (split->done || !done)) {
                parts->incomplete += !split->done;
                drop(parts, split);
            }
            split = next;
        }
    }
    return parts->bytes + n <= parts->max_bytes;
}

static void copy(char **at, struct mt_slice s)
{
    if (s.n) {
        memcpy(*at, s.p, s.n);
        *at += s.n;
    }
}

static struct split *new_split(struct mt_parts *parts, const struct part *part, int64_t now)
{
    size_t bytes = sizeof(struct split) + part->host.n + part->program.n + part->prefix.n;
    struct split *split, **at;
    char *key;

    if (!make_room(parts, bytes + sizeof(struct piece) + part->text.n, NULL) || !(split = calloc(1, bytes))) {
        return NULL;
    }
    key = split->key;
    copy(&key, part->host);
    copy(&key, part->program);
    copy(&key, part->prefix);
    split->host = part->host.n;
    split->program = part->program.n;
    split->prefix = part->prefix.n;
    split->hash = part->hash;
    split->pid = part->pid;
    split->source = part->source;
    split->newest = now;
    split->bytes = bytes;
    parts->bytes += bytes;
    for (at = &parts->buckets[part->hash % BUCKETS]; *at; at = &(*at)->chain) {
    }
    *at = split;
    split->older = parts->newest;
    *(parts->newest ? &parts->newest->newer : &parts->oldest) = split;
    parts->newest = split;
    return split;
}

static bool add_piece(struct mt_parts *parts, struct split *split, const struct part *part, const struct mt_line *line)
{
    size_t bytes = sizeof(struct piece) + part->text.n;
    struct piece *piece, **at = &split->pieces;
    char *text;

    if (!make_room(parts, bytes, split) || !(piece = malloc(bytes))) {
        return false;
    }
    piece->order = line->order;
    piece->time = line->time;
    piece->number = part->number;
    piece->last = part->last;
    piece->n = part->text.n;
    text = piece->text;
    copy(&text, part->text);
    while (*at && (*at)->number < part->number) {
        at = &(*at)->next;
    }
    piece->next = *at;
    *at = piece;
    split->count++;
    split->bytes += bytes;
    parts->bytes += bytes;
    if (line->time.usec > split->newest) {
        split->newest = line->time.usec;
    }
    return true;
}

static const struct piece *find_piece(const struct split *split, uint16_t number)
{
    const struct piece *piece = split->pieces;

    while (piece && piece->number < number) {
        piece = piece->next;
    }
    return piece && piece->number == number ? piece : NULL;
}

/* The pieces from 1 on without a gap, to be joined; the last of them in *last. */
static size_t unbroken(const struct split *split, const struct piece **last)
{
    uint16_t number = 1;
    size_t n = 0;

    *last = NULL;
    for (const struct piece *p = split->pieces; p && p->number == number; p = p->next, number++) {
        *last = p;
        n += p->n;
    }
    return n;
}

/* Writes the line into parts->line. Returns false when memory is short. */
static bool join(struct mt_parts *parts, const struct split *split, struct mt_line *whole)
{
    const struct piece *last, *first = split->pieces;
    size_t key = split->host + split->program, n = unbroken(split, &last);
    char *line = malloc(key + split->prefix + 2 + n), *at = line;

    if (!line) {
        return false;
    }
    copy(&at, mt_slice(split->key, key + split->prefix));
    if (split->prefix) {
        copy(&at, MT_LIT(": "));
    }
    for (const struct piece *p = first; p; p = p == last ? NULL : p->next) {
        copy(&at, mt_slice(p->text, p->n));
    }
    free(parts->line);
    parts->line = line;
    *whole = (struct mt_line){.time = first->time, .order = first->order, .pid = split->pid, .source = split->source};
    whole->host = mt_slice(line, split->host);
    whole->program = mt_slice(line + split->host, split->program);
    whole->text = mt_slice_to(line + key, at);
    if (whole->text.n > parts->max_line) {
        whole->text.n = parts->max_line;
        whole->cut = true;
    }
    return true;
}

static bool is_whole(const struct split *split)
{
    const struct piece *last;

    unbroken(split, &last);
    return last && last->last;
}

static int64_t distance(int64_t a, int64_t b)
{
    return a < b ? b - a : a - b;
}

/* The line that a piece belongs to: NULL when it begins one. *repeated: it is there already. */
static struct split *find_split(const struct mt_parts *parts, const struct part *part, int64_t time, bool *repeated)
{
    struct split *found = NULL;
    int64_t best = MAX_APART;

    *repeated = false;
    for (struct split *split = parts->buckets[part->hash % BUCKETS]; split; split = split->chain) {
        const struct piece *piece;
        if (!same_key(split, part)) {
            continue;
        }
        piece = find_piece(split, part->number);
        if (piece && piece->time.usec == time && piece->last == part->last &&
            mt_slice_eq(mt_slice(piece->text, piece->n), part->text)) {
            *repeated = true;
            return split;
        }
        if (!piece && !split->done && distance(split->newest, time) < best) {
            best = distance(split->newest, time);
            found = split;
        }
    }
    return found;
}

bool mt_parts_add(struct mt_parts *parts, const struct mt_record *piece, struct mt_line *whole)
{
    struct part part = part_of(parts, piece);
    bool repeated;
    struct split *split = find_split(parts, &part, piece->line.time.usec, &repeated);

    if (repeated) {
        return false;
    }
    if (!split && !(split = new_split(parts, &part, piece->line.time.usec))) {
        parts->incomplete++;
        return false;
    }
    if (!add_piece(parts, split, &part, &piece->line)) {
        parts->incomplete++;
        drop(parts, split);
        return false;
    }
    if (!is_whole(split)) {
        return false;
    }
    if (!join(parts, split, whole)) {
        parts->incomplete++;
        drop(parts, split);
        return false;
    }
    split->done = true;
    return true;
}

bool mt_parts_expire(struct mt_parts *parts, int64_t before, struct mt_line *whole)
{
    struct split *next;

    for (struct split *split = parts->oldest; split; split = next) {
        bool found = false;
        next = split->newer;
        if (split->newest >= before && before != INT64_MAX) {
            continue;
        }
        if (!split->done) {
            parts->incomplete++;
            found = split->pieces && split->pieces->number == 1 && join(parts, split, whole);
        }
        drop(parts, split);
        if (found) {
            return true;
        }
    }
    return false;
}

/* The line that a piece came by; text has room for it. */
static struct mt_line line_of(const struct split *split, const struct piece *piece, char *text)
{
    struct mt_line line = {.time = piece->time, .order = piece->order, .pid = split->pid, .source = split->source};
    const char *key = split->key;
    char *at = text;

    line.host = mt_slice(key, split->host);
    line.program = mt_slice(key + split->host, split->program);
    copy(&at, mt_slice(key + split->host + split->program, split->prefix));
    at += sprintf(at, "[%u]: ", piece->number);
    copy(&at, mt_slice(piece->text, piece->n));
    if (!piece->last) {
        copy(&at, MT_LIT(" ..."));
    }
    line.text = mt_slice_to(text, at);
    return line;
}

bool mt_parts_each(const struct mt_parts *parts, void (*fn)(void *ctx, const struct mt_line *line), void *ctx)
{
    for (const struct split *split = parts->oldest; split; split = split->newer) {
        for (const struct piece *piece = split->pieces; piece; piece = piece->next) {
            char *text = malloc(split->prefix + piece->n + sizeof "[65535]:  ...");
            struct mt_line line;

            if (!text) {
                return false;
            }
            line = line_of(split, piece, text);
            fn(ctx, &line);
            free(text);
        }
    }
    return true;
}

uint64_t mt_parts_incomplete(const struct mt_parts *parts)
{
    return parts->incomplete;
}

size_t mt_parts_memory(const struct mt_parts *parts)
{
    return parts->bytes;
}
