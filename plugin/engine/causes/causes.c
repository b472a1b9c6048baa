/* Tables of causes, and what they say of an event: see mailtrace/causes.h. */
#include "mailtrace/causes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/scan.h"
#include "table.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

/* A file of causes is not longer. */
#define FILE_MOST ((size_t)4 << 20)

struct mt_causes {
    struct mt_cause_rows rows[2]; /* the user's, the built-in ones */
    unsigned holders;
};

const struct mt_slice mt_cause_other = {"other", 5};

/* --- a table --- */

static bool add_built_in(struct mt_cause_rows *rows)
{
    char buf[200];

    for (const char *const *line = mt_causes_text; *line; line++) {
        if (mt_cause_row_add(rows, mt_slice_str(*line), buf)) {
            return false; /* memory is short: a test reads the rows */
        }
    }
    return mt_cause_rows_finish(rows);
}

static bool add_text(struct mt_cause_rows *rows, struct mt_slice text, const char *path, char *why, size_t size)
{
    unsigned long number = 1;
    char buf[200];

    rows->hash = XXH3_64bits(text.p, text.n);
    for (; text.n; number++) {
        const char *end = memchr(text.p, '\n', text.n), *wrong;
        size_t n = end ? (size_t)(end - text.p) : text.n;
        wrong = mt_cause_row_add(rows, mt_slice(text.p, n), buf);
        if (wrong) {
            snprintf(why, size, "%s:%lu: %s", path, number, wrong);
            return false;
        }
        text = mt_slice_skip(text, end ? n + 1 : n);
    }
    return mt_cause_rows_finish(rows);
}

/* The whole of a file, to be freed; NULL and *why otherwise. */
static char *read_file(const char *path, size_t *n, char *why, size_t size)
{
    FILE *file = fopen(path, "re");
    char *text = file ? malloc(FILE_MOST + 1) : NULL;

    errno = file && !text ? ENOMEM : errno;
    *n = text ? fread(text, 1, FILE_MOST + 1, file) : 0;
    if (!text || ferror(file)) {
        snprintf(why, size, "%s: %s", path, strerror(errno));
    } else if (*n > FILE_MOST) {
        snprintf(why, size, "%s: larger than 4 MiB", path);
    }
    if (file) {
        fclose(file);
    }
    if (*why) {
        free(text);
        return NULL;
    }
    return text;
}

static bool add_file(struct mt_cause_rows *rows, const char *path, char *why, size_t size)
{
    size_t n;
    char *text = read_file(path, &n, why, size);
    bool added = text && add_text(rows, mt_slice(text, n), path, why, size);

    free(text);
    return added;
}

struct mt_causes *mt_causes_new(const char *path, char *why, size_t size)
{
    struct mt_causes *causes = calloc(1, sizeof *causes);
    bool good = causes;

    *why = '\0';
    if (good) {
        causes->holders = 1;
        good = path ? add_file(&causes->rows[0], path, why, size) : mt_cause_rows_finish(&causes->rows[0]);
    }
    if (good && add_built_in(&causes->rows[1])) {
        return causes;
    }
    if (!*why) {
        snprintf(why, size, "memory is short");
    }
    mt_causes_drop(causes);
    return NULL;
}

struct mt_causes *mt_causes_hold(struct mt_causes *causes)
{
    if (causes) {
        __atomic_add_fetch(&causes->holders, 1, __ATOMIC_RELAXED);
    }
    return causes;
}

void mt_causes_drop(struct mt_causes *causes)
{
    if (causes && __atomic_sub_fetch(&causes->holders, 1, __ATOMIC_ACQ_REL) == 0) {
        mt_cause_rows_free(&causes->rows[0]);
        mt_cause_rows_free(&causes->rows[1]);
        free(causes);
    }
}

bool mt_causes_same(const struct mt_causes *a, const struct mt_causes *b)
{
    return a == b || (a && b && a->rows[0].hash == b->rows[0].hash);
}

/* --- codes --- */

static uint8_t find_code(const struct mt_code_row *v, size_t n, const struct mt_code_row *code)
{
    for (size_t i = 0; i < n; i++) {
        if (v[i].subject == code->subject && v[i].least <= code->least && v[i].most >= code->least &&
            (!v[i].class || v[i].class == code->class)) {
            return v[i].cause;
        }
    }
    return MT_CAUSE_OTHER;
}

/* False: it is none of 4 or 5. */
static bool read_code(struct mt_slice dsn, struct mt_code_row *code)
{
    int64_t part[3] = {0};

    for (size_t i = 0; i < 3; i++) {
        if (!mt_take_int(&dsn, &part[i]) || part[i] > 999 || (i < 2 && !MT_EAT(&dsn, "."))) {
            return false;
        }
    }
    *code = (struct mt_code_row){.class = (uint8_t)part[0], .subject = (uint16_t)part[1], .least = (uint16_t)part[2]};
    return part[0] == 4 || part[0] == 5;
}

static uint8_t find_number(const struct mt_plain_row *v, size_t n, int64_t number)
{
    for (size_t i = 0; i < n; i++) {
        if (v[i].least <= number && v[i].most >= number) {
            return v[i].cause;
        }
    }
    return MT_CAUSE_OTHER;
}

static uint8_t find_word(const struct mt_plain_row *v, size_t n, struct mt_slice word)
{
    for (size_t i = 0; i < n; i++) {
        if (mt_slice_eq(v[i].word, word)) {
            return v[i].cause;
        }
    }
    return MT_CAUSE_OTHER;
}

/* --- words --- */

struct words {
    struct mt_slice text;
    struct mt_cause_word v[MT_CAUSE_WORDS];
    size_t n;
    bool read;
    uint64_t tried[4]; /* by number of gap: a row whose words are not found from the first of them on never are */
};

/* How many words from `at` on the row's take, or 0. */
static size_t match(const struct words *words, size_t at, const uint32_t *row, size_t n)
{
    size_t from = at, i = 0;

    while (i < n && row[i]) {
        if (at == words->n || words->v[at].hash != row[i]) {
            return 0;
        }
        at++;
        i++;
    }
    for (; i < n; i++) { /* row[i] is a gap */
        size_t length = 1;
        while (i + length < n && row[i + length]) {
            length++;
        }
        length--;
        while (at < words->n && !match(words, at, row + i + 1, length)) {
            at++;
        }
        if (at == words->n) {
            return 0;
        }
        at += length;
        i += length;
    }
    return at - from;
}

/* Whether a row is worth trying: one with a gap is so once. */
static bool may_match(struct words *words, const struct mt_words_row *row)
{
    uint16_t bit = row->gap ? row->gap - 1 : 0;
    uint64_t was = words->tried[bit / 64], mask = row->gap ? UINT64_C(1) << (bit % 64) : 0;

    words->tried[bit / 64] |= mask;
    return !(was & mask);
}

static bool is_joined(const struct words *words, size_t i)
{
    return i < words->n && words->v[i].hash & 1;
}

/* The words from `first` on that dots join, as they stand in the text. */
static struct mt_slice name_from(const struct words *words, size_t first)
{
    size_t at = words->v[first].at, end = at + words->v[first].n;
    const char *p = words->text.p;

    while (end + 1 < words->text.n && (p[end] == '.' || p[end] == '-') &&
           (mt_is_alnum(p[end + 1]) || (unsigned char)p[end + 1] >= 0x80)) {
        for (end++; end < words->text.n && (mt_is_alnum(p[end]) || (unsigned char)p[end] >= 0x80); end++) {
        }
    }
    return mt_slice(p + at, end - at);
}

/* A name, and no address: its last part begins with a letter. */
static bool is_domain(struct mt_slice name)
{
    const char *dot = name.n ? memrchr(name.p, '.', name.n) : NULL;

    return dot && dot + 1 < name.p + name.n && !mt_is_digit(dot[1]);
}

/* Where the name that word i is a part of begins. */
static size_t name_begin(const struct words *words, size_t i)
{
    while (i && is_joined(words, i - 1) && words->v[i].at == words->v[i - 1].at + words->v[i - 1].n + 1 &&
           words->text.p[words->v[i].at - 1] == '.') {
        i--;
    }
    return i;
}

/* The blocklist that a row names whose n words stand at `at`. Empty: the text has another name there, or none. */
static struct mt_slice list_of(const struct words *words, const struct mt_words_row *row, size_t at, size_t n)
{
    struct mt_slice name;

    if (row->kind == MT_WORDS_LIST) {
        name = at + n < words->n && words->v[at + n].at < words->text.n ? name_from(words, at + n) : mt_slice(NULL, 0);
        return is_domain(name) ? name : mt_slice(NULL, 0);
    }
    at = name_begin(words, at);
    name = name_from(words, at);
    if (name.n < row->text.n || strncasecmp(name.p + name.n - row->text.n, row->text.p, row->text.n) != 0) {
        return mt_slice(NULL, 0);
    }
    /* a URL is of the list's pages, and not of the list */
    return words->v[at].at && name.p[-1] == '/' ? row->text : name;
}

/* The first row that fits; *list is the blocklist that it names. NULL: none does. */
static const struct mt_words_row *find_words(const struct mt_cause_rows *rows, struct words *words,
                                             struct mt_slice *list)
{
    uint32_t best = UINT32_MAX;

    if (!rows->nrows) {
        return NULL;
    }
    if (!words->read) { /* most failures are told by their code */
        words->n = mt_cause_words_read(words->text, words->v, MT_CAUSE_WORDS);
        words->read = true;
    }
    memset(words->tried, 0, sizeof words->tried);
    for (size_t i = 0; i < words->n; i++) {
        uint32_t number = mt_cause_rows_first(rows, words->v[i].hash);
        for (; number && number < best; number = rows->rows[number - 1].next) {
            const struct mt_words_row *row = &rows->rows[number - 1];
            size_t n = may_match(words, row) ? match(words, i, rows->words + row->first, row->n) : 0;
            struct mt_slice name = n && row->kind ? list_of(words, row, i, n) : mt_slice(NULL, 0);
            if (n && (name.n || !row->kind)) {
                best = number;
                *list = name;
                break;
            }
        }
    }
    return best == UINT32_MAX ? NULL : &rows->rows[best - 1];
}

/* --- all --- */

static uint8_t find(const struct mt_cause_rows *rows, const struct mt_fields *f, const struct mt_code_row *code,
                    struct words *words, struct mt_slice *list)
{
    uint8_t cause = code ? find_code(rows->codes, rows->ncodes, code) : MT_CAUSE_OTHER;
    const struct mt_words_row *row = cause == MT_CAUSE_OTHER ? find_words(rows, words, list) : NULL;

    if (row) {
        return row->cause;
    }
    if (cause == MT_CAUSE_OTHER && code) {
        cause = find_code(rows->weak, rows->nweak, code);
    }
    if (cause == MT_CAUSE_OTHER && mt_has(f, MT_F_REPLY_CODE)) {
        cause = find_number(rows->replies, rows->nreplies, f->v[MT_F_REPLY_CODE].i);
    }
    if (cause == MT_CAUSE_OTHER) {
        cause = find_word(rows->actions, rows->nactions, mt_get(f, MT_F_ACTION));
    }
    return cause == MT_CAUSE_OTHER ? find_word(rows->stages, rows->nstages, mt_get(f, MT_F_STAGE)) : cause;
}

void mt_causes_find(const struct mt_causes *causes, struct mt_fields *f)
{
    struct words words;
    struct mt_slice list = {NULL, 0};
    struct mt_code_row code;
    bool coded = read_code(mt_get(f, MT_F_DSN), &code);
    uint8_t cause = MT_CAUSE_OTHER;

    words.text = mt_get(f, MT_F_RESPONSE);
    words.read = false;
    for (size_t i = 0; i < 2 && cause == MT_CAUSE_OTHER; i++) {
        cause = find(&causes->rows[i], f, coded ? &code : NULL, &words, &list);
    }
    mt_set(f, MT_F_CAUSE, mt_cause_words[cause]);
    mt_set(f, MT_F_BLOCKLIST, list);
}
