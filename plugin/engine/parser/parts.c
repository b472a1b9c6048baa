/* Putting split lines together: see parts.h.
 *
 * A line is known by host, program, pid and the key that its reader gives (record.h). A process logs one split
 * line after another with the same prefix, so a piece goes to the line of that key that lacks its
 * number and is nearest in time, the older of two; a piece that is there already (same timestamp,
 * same text) changes nothing.
 * Whole lines are kept until they expire, for such repeats.
 *
 * Nothing is searched by walking: open lines are found by their key, pieces by the line and their number, and by their
 * words. Of one key OPEN_MAX lines are open at most. When memory is short, whole ones go first, then the oldest.
 */
#include "mailtrace/parts.h"

#include <stddef.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/heap.h"
#include "base/index.h"

#define OPEN_MAX  16
#define MAX_APART (60 * INT64_C(1000000)) /* usec between pieces of a line, which are written in one go */

/* Bytes that an index or a heap has for a thing, about. */
#define INDEXED 24

/* What a piece is found by: the index has it. */
struct found_by {
    uint64_t hash;
    struct piece *piece;
};

struct piece {
    struct found_by number, words;
    struct piece *next; /* in order of arrival */
    struct split *split;
    uint64_t order;
    struct mt_time time;
    uint16_t at; /* its number */
    bool last;
    bool counted;         /* it came without a number */
    struct mt_slice glue; /* static */
    struct mt_slice text; /* into line */
    size_t n;
    char line[]; /* as it came */
};

struct split {
    uint64_t hash;               /* of the key */
    uint64_t begun;              /* counts lines */
    struct mt_heap_node newest;  /* piece: its timestamp */
    struct split *older, *newer; /* of those that are open, or whole */
    struct piece *pieces, *youngest;
    size_t bytes;               /* of all allocations, pieces included */
    size_t length;              /* of the texts, and what glues them */
    uint16_t highest, unbroken; /* number; and of the last one that has all before it, from 1 on */
    uint32_t pid;
    uint8_t source; /* as line.source */
    bool ends;      /* the piece `unbroken` is the last one */
    bool done;
    struct mt_slice joint;        /* static */
    size_t host, program, prefix; /* lengths in key */
    char key[];
};

struct list {
    struct split *oldest, *newest;
};

struct mt_parts {
    struct mt_memory memory; /* of indexes and heap */
    struct mt_index open;    /* lines that are not whole, by key */
    struct mt_index numbers, words;
    struct mt_heap ages;
    struct list lines[2]; /* open ones, whole ones */
    size_t max_bytes, max_line, bytes;
    uint64_t seed;
    uint64_t begun;
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

/* --- lists --- */

static void list_add(struct list *list, struct split *split)
{
    split->older = list->newest;
    split->newer = NULL;
    *(list->newest ? &list->newest->newer : &list->oldest) = split;
    list->newest = split;
}

static void list_remove(struct list *list, struct split *split)
{
    *(split->older ? &split->older->newer : &list->oldest) = split->newer;
    *(split->newer ? &split->newer->older : &list->newest) = split->older;
}

static void drop_piece(struct mt_parts *parts, struct piece *piece)
{
    mt_index_remove(&parts->numbers, &piece->number);
    if (piece->words.piece) {
        mt_index_remove(&parts->words, &piece->words);
    }
    free(piece);
}

static void drop(struct mt_parts *parts, struct split *split)
{
    if (!split->done) {
        mt_index_remove(&parts->open, split);
    }
    mt_heap_remove(&parts->ages, &split->newest);
    list_remove(&parts->lines[split->done], split);
    parts->bytes -= split->bytes;
    while (split->pieces) {
        struct piece *piece = split->pieces;
        split->pieces = piece->next;
        drop_piece(parts, piece);
    }
    free(split);
}

bool mt_parts_drop(struct mt_parts *parts)
{
    struct split *split = parts->lines[1].oldest ? parts->lines[1].oldest : parts->lines[0].oldest;

    if (split) {
        drop(parts, split);
    }
    return parts->ages.n;
}

void mt_parts_free(struct mt_parts *parts)
{
    if (!parts) {
        return;
    }
    while (mt_parts_drop(parts)) {
    }
    mt_index_free(&parts->memory, &parts->open);
    mt_index_free(&parts->memory, &parts->numbers);
    mt_index_free(&parts->memory, &parts->words);
    mt_heap_free(&parts->memory, &parts->ages);
    mt_memory_free(&parts->memory);
    free(parts->line);
    free(parts);
}

/* Makes room for n bytes; keep, which is open, is not given up. Returns false when that is not possible. */
static bool make_room(struct mt_parts *parts, size_t n, const struct split *keep)
{
    while (parts->bytes + n > parts->max_bytes) {
        struct split *split = parts->lines[1].oldest ? parts->lines[1].oldest : parts->lines[0].oldest;
        if (split && split == keep) {
            split = split->newer;
        }
        if (!split) {
            return false;
        }
        parts->incomplete += !split->done;
        drop(parts, split);
    }
    return true;
}

static void copy(char **at, struct mt_slice s)
{
    if (s.n) {
        memcpy(*at, s.p, s.n);
        *at += s.n;
    }
}

static bool place_split(struct mt_parts *parts, struct split *split)
{
    if (!mt_index_add(&parts->memory, &parts->open, split)) {
        return false;
    }
    if (!mt_heap_add(&parts->memory, &parts->ages, &split->newest)) {
        mt_index_remove(&parts->open, split);
        return false;
    }
    list_add(&parts->lines[0], split);
    parts->bytes += split->bytes;
    return true;
}

static struct split *new_split(struct mt_parts *parts, const struct part *part)
{
    const struct mt_line *line = part->line;
    size_t bytes = sizeof(struct split) + line->host.n + line->program.n + part->piece->key.n;
    struct split *split;
    char *key;

    if (!make_room(parts, bytes + 2 * INDEXED + sizeof(struct piece) + 2 * INDEXED + line->text.n, NULL) ||
        !(split = calloc(1, bytes))) {
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
    split->begun = parts->begun++;
    split->pid = line->pid;
    split->source = line->source;
    split->newest.key = line->time.usec;
    split->bytes = bytes + 2 * INDEXED;
    if (!place_split(parts, split)) {
        free(split);
        return NULL;
    }
    return split;
}

/* --- pieces --- */

static uint64_t hash_of_number(const struct mt_parts *parts, const struct split *split, uint16_t number)
{
    uint64_t both[2] = {split->begun, number};

    return XXH3_64bits_withSeed(both, sizeof both, parts->seed);
}

static struct piece *find_piece(const struct mt_parts *parts, const struct split *split, uint16_t number)
{
    uint64_t hash = hash_of_number(parts, split, number);
    struct found_by *by;

    for (size_t at = 0; (by = mt_index_next(&parts->numbers, hash, &at));) {
        if (by->piece->split == split && by->piece->at == number) {
            return by->piece;
        }
    }
    return NULL;
}

static uint64_t hash_of_words(const struct part *part)
{
    uint64_t seed = part->hash ^ (uint64_t)part->line->time.usec * UINT64_C(0x9e3779b97f4a7c15);

    return XXH3_64bits_withSeed(part->line->text.p, part->line->text.n, seed);
}

/* Is the piece there already? Those without a number are known by their words once their line is whole. */
static bool is_repeated(const struct mt_parts *parts, const struct part *part, uint64_t hash)
{
    struct found_by *by;

    for (size_t at = 0; (by = mt_index_next(&parts->words, hash, &at));) {
        if (same_key(by->piece->split, part) && by->piece->time.usec == part->line->time.usec &&
            mt_slice_eq(mt_slice(by->piece->line, by->piece->n), part->line->text)) {
            return true;
        }
    }
    return false;
}

/* Where memory is short, a repeat will not be known. */
static void know_words(struct mt_parts *parts, struct piece *piece)
{
    piece->words.piece = mt_index_add(&parts->memory, &parts->words, &piece->words) ? piece : NULL;
}

/* The pieces from 1 on without a gap are as many as before, or more. */
static void go_on(const struct mt_parts *parts, struct split *split)
{
    const struct piece *piece;

    while (split->unbroken < UINT16_MAX && (piece = find_piece(parts, split, (uint16_t)(split->unbroken + 1)))) {
        split->unbroken++;
        split->ends = piece->last;
    }
}

static struct piece *new_piece(const struct split *split, const struct part *part)
{
    const struct mt_line *line = part->line;
    struct piece *piece = calloc(1, sizeof *piece + line->text.n);
    char *text;

    if (!piece) {
        return NULL;
    }
    piece->counted = !part->piece->number;
    piece->at = piece->counted ? (uint16_t)(split->highest + 1) : part->piece->number;
    piece->order = line->order;
    piece->time = line->time;
    piece->last = part->piece->last;
    piece->glue = part->piece->glue;
    piece->n = line->text.n;
    text = piece->line;
    copy(&text, line->text);
    piece->text = mt_slice(piece->line + (part->piece->text.p - line->text.p), part->piece->text.n);
    return piece;
}

/* words: the hash of them. */
static bool add_piece(struct mt_parts *parts, struct split *split, const struct part *part, uint64_t words)
{
    size_t bytes = sizeof(struct piece) + 2 * INDEXED + part->line->text.n;
    struct piece *piece;

    if ((!part->piece->number && split->highest == UINT16_MAX) || !make_room(parts, bytes, split) ||
        !(piece = new_piece(split, part))) {
        return false;
    }
    piece->split = split;
    piece->number = (struct found_by){hash_of_number(parts, split, piece->at), piece};
    piece->words.hash = words;
    if (!mt_index_add(&parts->memory, &parts->numbers, &piece->number)) {
        free(piece);
        return false;
    }
    if (!piece->counted) {
        know_words(parts, piece);
    }
    *(split->youngest ? &split->youngest->next : &split->pieces) = piece;
    split->youngest = piece;
    split->highest = piece->at > split->highest ? piece->at : split->highest;
    split->length += piece->text.n + piece->glue.n;
    split->bytes += bytes;
    parts->bytes += bytes;
    if (piece->time.usec > split->newest.key) {
        mt_heap_change(&parts->ages, &split->newest, piece->time.usec);
    }
    go_on(parts, split);
    return true;
}

/* --- lines --- */

/* Writes the line into parts->line: the pieces from 1 on without a gap. Returns false when memory is short. */
static bool join(struct mt_parts *parts, const struct split *split, struct mt_line *whole)
{
    const struct piece *first = find_piece(parts, split, 1);
    size_t key = split->host + split->program;
    char *line = malloc(key + split->prefix + split->joint.n + split->length + 1), *at = line;

    if (!line || !first) {
        free(line);
        return false;
    }
    copy(&at, mt_slice(split->key, key + (split->joint.n ? split->prefix : 0)));
    copy(&at, split->joint);
    for (uint32_t i = 1; i <= split->unbroken; i++) {
        const struct piece *piece = find_piece(parts, split, (uint16_t)i);
        copy(&at, piece->text);
        copy(&at, i == split->unbroken ? mt_slice(NULL, 0) : piece->glue);
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

/* The line that a piece came by. */
static struct mt_line line_of(const struct split *split, const struct piece *piece)
{
    struct mt_line line = {.time = piece->time, .order = piece->order, .pid = split->pid, .source = split->source};

    line.host = mt_slice(split->key, split->host);
    line.program = mt_slice(split->key + split->host, split->program);
    line.text = mt_slice(piece->line, piece->n);
    return line;
}

static struct mt_slice key_of(const struct split *split)
{
    return mt_slice(split->key + split->host + split->program, split->prefix);
}

static int64_t distance(int64_t a, int64_t b)
{
    return a < b ? b - a : a - b;
}

/* The open line that a piece belongs to: NULL when it begins one. *oldest: of this key, where there are OPEN_MAX. */
static struct split *find_split(const struct mt_parts *parts, const struct part *part, struct split **oldest)
{
    int64_t best = MAX_APART;
    struct split *split, *found = NULL, *first = NULL;
    unsigned n = 0;

    for (size_t at = 0; (split = mt_index_next(&parts->open, part->hash, &at));) {
        int64_t apart = distance(split->newest.key, part->line->time.usec);
        if (!same_key(split, part)) {
            continue;
        }
        n++;
        first = !first || split->begun < first->begun ? split : first;
        if ((!part->piece->number || !find_piece(parts, split, part->piece->number)) &&
            (apart < best || (found && apart == best && split->begun < found->begun))) {
            best = apart;
            found = split;
        }
    }
    *oldest = n < OPEN_MAX ? NULL : first;
    return found;
}

static struct split *begin(struct mt_parts *parts, const struct part *part, struct split *oldest)
{
    if (oldest) {
        parts->incomplete++;
        drop(parts, oldest);
    }
    return new_split(parts, part);
}

/* It is whole from now on. */
static void finish(struct mt_parts *parts, struct split *split)
{
    mt_index_remove(&parts->open, split);
    list_remove(&parts->lines[0], split);
    list_add(&parts->lines[1], split);
    split->done = true;
    for (struct piece *piece = split->pieces; piece; piece = piece->next) {
        struct mt_line line = line_of(split, piece);
        struct mt_piece said = {.key = key_of(split)};
        struct part part = {&line, &said, split->hash};
        if (piece->counted && !is_repeated(parts, &part, piece->words.hash)) {
            know_words(parts, piece);
        }
    }
}

bool mt_parts_add(struct mt_parts *parts, const struct mt_record *piece, struct mt_line *whole)
{
    struct part part = part_of(parts, piece);
    uint64_t words = hash_of_words(&part);
    struct split *split, *oldest;

    if (is_repeated(parts, &part, words)) {
        return false;
    }
    split = find_split(parts, &part, &oldest);
    if (!split && !(split = begin(parts, &part, oldest))) {
        parts->incomplete++;
        return false;
    }
    if (!add_piece(parts, split, &part, words)) {
        parts->incomplete++;
        drop(parts, split);
        return false;
    }
    if (!split->ends) {
        return false;
    }
    if (!join(parts, split, whole)) {
        parts->incomplete++;
        drop(parts, split);
        return false;
    }
    finish(parts, split);
    return true;
}

bool mt_parts_expire(struct mt_parts *parts, int64_t before, struct mt_line *whole)
{
    struct mt_heap_node *first;

    while ((first = mt_heap_first(&parts->ages)) && (first->key < before || before == INT64_MAX)) {
        struct split *split = (struct split *)(void *)((char *)first - offsetof(struct split, newest));
        bool found = !split->done && split->unbroken && join(parts, split, whole);
        parts->incomplete += !split->done;
        drop(parts, split);
        if (found) {
            return true;
        }
    }
    return false;
}

void mt_parts_each(const struct mt_parts *parts, void (*fn)(void *ctx, const struct mt_line *line), void *ctx)
{
    for (int done = 1; done >= 0; done--) {
        for (const struct split *split = parts->lines[done].oldest; split; split = split->newer) {
            for (const struct piece *piece = split->pieces; piece; piece = piece->next) {
                struct mt_line line = line_of(split, piece);
                fn(ctx, &line);
            }
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
