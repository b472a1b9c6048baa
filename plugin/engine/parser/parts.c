/* Putting split lines together: see parts.h.
 *
 * A line is known by host, program, pid and the key that its reader gives (record.h). A process logs one split
 * line after another with the same prefix, so a piece goes to the line of that key that lacks its
 * number and is nearest in time, the older of two; a piece that is there already (same timestamp,
 * same text) changes nothing.
 * Whole lines are kept until they expire, for such repeats.
 *
 * Lines hang in a chain by key and in a list by age. When memory is short, whole ones go
 * first, then the oldest.
 */
#include "mailtrace/parts.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define BUCKETS   4096
#define MAX_APART (60 * INT64_C(1000000)) /* usec between pieces of a line, which are written in one go */

struct piece {
    struct piece *next; /* by number */
    uint64_t order;
    struct mt_time time;
    uint16_t number;
    bool last;
    struct mt_slice glue; /* static */
    struct mt_slice text; /* into line */
    size_t n;
    char line[]; /* as it came */
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
    struct mt_slice joint;        /* static */
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

/* A piece, and whose it is. */
struct part {
    const struct mt_line *line;
    const struct mt_piece *piece;
    uint64_t hash; /* of the key, with a random seed: who sends lines must not choose it */
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

/* The number of a piece that says only that it follows. */
static uint16_t next_number(const struct split *split)
{
    uint16_t number = 1;

    for (const struct piece *piece = split->pieces; piece; piece = piece->next) {
        number = piece->number;
    }
    return number < UINT16_MAX ? (uint16_t)(number + 1) : number;
}

static struct part part_of(const struct mt_parts *parts, const struct mt_record *rec)
{
    struct part part = {&rec->line, &rec->piece, 0};

    part.hash = XXH3_64bits_withSeed(rec->line.host.p, rec->line.host.n, parts->seed ^ rec->line.pid);
    part.hash = XXH3_64bits_withSeed(rec->line.program.p, rec->line.program.n, part.hash);
    part.hash = XXH3_64bits_withSeed(rec->piece.key.p, rec->piece.key.n, part.hash);
    return part;
}

static bool same_key(const struct split *split, const struct part *part)
{
    const char *key = split->key;

    return split->hash == part->hash && split->pid == part->line->pid &&
           mt_slice_eq(mt_slice(key, split->host), part->line->host) &&
           mt_slice_eq(mt_slice(key + split->host, split->program), part->line->program) &&
           mt_slice_eq(mt_slice(key + split->host + split->program, split->prefix), part->piece->key);
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

static struct split *new_split(struct mt_parts *parts, const struct part *part)
{
    const struct mt_line *line = part->line;
    size_t bytes = sizeof(struct split) + line->host.n + line->program.n + part->piece->key.n;
    struct split *split, **at;
    char *key;

    if (!make_room(parts, bytes + sizeof(struct piece) + line->text.n, NULL) || !(split = calloc(1, bytes))) {
        return NULL;
    }
    key = split->key;
    copy(&key, line->host);
    copy(&key, line->program);
    copy(&key, part->piece->key);
    split->host = line->host.n;
    split->program = line->program.n;
    split->prefix = part->piece->key.n;
    split->joint = part->piece->joint;
    split->hash = part->hash;
    split->pid = line->pid;
    split->source = line->source;
    split->newest = line->time.usec;
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

static bool add_piece(struct mt_parts *parts, struct split *split, const struct part *part)
{
    const struct mt_line *line = part->line;
    size_t bytes = sizeof(struct piece) + line->text.n;
    struct piece *piece, **at = &split->pieces;
    char *text;

    if (!make_room(parts, bytes, split) || !(piece = malloc(bytes))) {
        return false;
    }
    piece->order = line->order;
    piece->time = line->time;
    piece->number = part->piece->number ? part->piece->number : next_number(split);
    piece->last = part->piece->last;
    piece->glue = part->piece->glue;
    piece->n = line->text.n;
    text = piece->line;
    copy(&text, line->text);
    piece->text = mt_slice(piece->line + (part->piece->text.p - line->text.p), part->piece->text.n);
    while (*at && (*at)->number < piece->number) {
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
        n += p->text.n + p->glue.n;
    }
    return n;
}

/* Writes the line into parts->line. Returns false when memory is short. */
static bool join(struct mt_parts *parts, const struct split *split, struct mt_line *whole)
{
    const struct piece *last, *first = split->pieces;
    size_t key = split->host + split->program, n = unbroken(split, &last);
    char *line = malloc(key + split->prefix + split->joint.n + n + 1), *at = line;

    if (!line) {
        return false;
    }
    copy(&at, mt_slice(split->key, key + (split->joint.n ? split->prefix : 0)));
    copy(&at, split->joint);
    for (const struct piece *p = first; p; p = p == last ? NULL : p->next) {
        copy(&at, p->text);
        copy(&at, p == last ? mt_slice(NULL, 0) : p->glue);
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

/* The piece in the place of that one. Of those that say no number: the one with the same words, once the line is whole. */
static const struct piece *same_piece(const struct split *split, const struct part *part)
{
    const struct piece *piece = split->pieces;

    if (part->piece->number) {
        return find_piece(split, part->piece->number);
    }
    while (split->done && piece && !mt_slice_eq(piece->text, part->piece->text)) {
        piece = piece->next;
    }
    return split->done ? piece : NULL;
}

static int64_t distance(int64_t a, int64_t b)
{
    return a < b ? b - a : a - b;
}

/* The line that a piece belongs to: NULL when it begins one. *repeated: it is there already. */
static struct split *find_split(const struct mt_parts *parts, const struct part *part, bool *repeated)
{
    const int64_t time = part->line->time.usec;
    struct split *found = NULL;
    int64_t best = MAX_APART;

    *repeated = false;
    for (struct split *split = parts->buckets[part->hash % BUCKETS]; split; split = split->chain) {
        const struct piece *piece;
        if (!same_key(split, part)) {
            continue;
        }
        piece = same_piece(split, part);
        if (piece && piece->time.usec == time && mt_slice_eq(mt_slice(piece->line, piece->n), part->line->text)) {
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
    struct split *split = find_split(parts, &part, &repeated);

    if (repeated) {
        return false;
    }
    if (!split && !(split = new_split(parts, &part))) {
        parts->incomplete++;
        return false;
    }
    if (!add_piece(parts, split, &part)) {
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

/* The line that a piece came by. */
static struct mt_line line_of(const struct split *split, const struct piece *piece)
{
    struct mt_line line = {.time = piece->time, .order = piece->order, .pid = split->pid, .source = split->source};

    line.host = mt_slice(split->key, split->host);
    line.program = mt_slice(split->key + split->host, split->program);
    line.text = mt_slice(piece->line, piece->n);
    return line;
}

void mt_parts_each(const struct mt_parts *parts, void (*fn)(void *ctx, const struct mt_line *line), void *ctx)
{
    for (const struct split *split = parts->oldest; split; split = split->newer) {
        for (const struct piece *piece = split->pieces; piece; piece = piece->next) {
            struct mt_line line = line_of(split, piece);
            fn(ctx, &line);
        }
    }
}

uint64_t mt_parts_incomplete(const struct mt_parts *parts)
{
    return parts->incomplete;
}

size_t mt_parts_memory(const struct mt_parts *parts)
{
    return parts->bytes;
}
