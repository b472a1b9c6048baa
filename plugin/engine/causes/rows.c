/* From lines of text to the rows of a table. */
#include "table.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/scan.h"
#include "base/words.h"

/* What a table of a user's may have. */
#define WORDS_MOST 16
#define ROWS_MOST  65535
#define GAPS_MOST  256

const struct mt_slice mt_cause_words[MT_CAUSE_COUNT] = {
#define ROW(id, name) [MT_CAUSE_##id] = MT_NAMED(name),
    MT_CAUSES(ROW)
#undef ROW
};

static const char no_memory[] = "memory is short";

/* Room for one more; *n counts it. NULL when memory is short. */
static void *add(void **v, size_t *n, size_t each)
{
    if ((*n & (*n - 1)) == 0) { /* 0 and the powers of two */
        void *grown = realloc(*v, (*n ? 2 * *n : 1) * each);
        if (!grown) {
            return NULL;
        }
        *v = grown;
    }
    return memset((char *)*v + (*n)++ * each, 0, each);
}

#define ADD(v, n) add((void **)&(v), &(n), sizeof *(v))

static struct mt_slice take_word(struct mt_slice *line)
{
    struct mt_slice word = {NULL, 0};

    while (line->n && (*line->p == ' ' || *line->p == '\t')) {
        *line = mt_slice_skip(*line, 1);
    }
    word.p = line->p;
    while (line->n && *line->p != ' ' && *line->p != '\t') {
        *line = mt_slice_skip(*line, 1);
        word.n++;
    }
    return word;
}

/* "7" or "7-19"; the whole of s. */
static bool read_range(struct mt_slice s, int64_t most, uint16_t *first, uint16_t *last)
{
    const char *dash = s.n ? memchr(s.p, '-', s.n) : NULL;
    size_t n = dash ? (size_t)(dash - s.p) : s.n;
    int64_t a, b;

    if (!mt_whole_int(mt_slice(s.p, n), &a) || a > most) {
        return false;
    }
    b = a;
    if (dash && (!mt_whole_int(mt_slice_skip(s, n + 1), &b) || b > most || b < a)) {
        return false;
    }
    *first = (uint16_t)a;
    *last = (uint16_t)b;
    return true;
}

static bool read_code(struct mt_slice s, struct mt_code_row *row)
{
    const char *dot;
    size_t n;
    uint16_t same;

    if (s.n < 5 || (s.p[0] != 'x' && s.p[0] != '4' && s.p[0] != '5') || s.p[1] != '.') {
        return false;
    }
    row->class = s.p[0] == 'x' ? 0 : (uint8_t)(s.p[0] - '0');
    s = mt_slice_skip(s, 2);
    dot = memchr(s.p, '.', s.n);
    n = dot ? (size_t)(dot - s.p) : 0;
    return n && read_range(mt_slice(s.p, n), 999, &row->subject, &same) && row->subject == same &&
           read_range(mt_slice_skip(s, n + 1), 999, &row->least, &row->most);
}

static const char *add_code(struct mt_code_row **v, size_t *n, struct mt_slice what, uint8_t cause)
{
    struct mt_code_row row = {.cause = cause}, *place;

    if (!read_code(what, &row)) {
        return "a code is such as 5.1.1, x.1.1 (4.1.1 and 5.1.1) or x.7.20-29";
    }
    place = ADD(*v, *n);
    if (!place) {
        return no_memory;
    }
    *place = row;
    return NULL;
}

static const char *add_plain(struct mt_plain_row **v, size_t *n, struct mt_slice what, bool number, uint8_t cause)
{
    struct mt_plain_row row = {.cause = cause}, *place;

    if (number && (!read_range(what, 599, &row.least, &row.most) || row.least < 200)) {
        return "a reply code is such as 552 or 500-504";
    }
    row.word = mt_slice(strndup(what.p, what.n), what.n);
    place = row.word.p ? ADD(*v, *n) : NULL;
    if (!place) {
        free((char *)row.word.p);
        return no_memory;
    }
    *place = row;
    return NULL;
}

/* --- words --- */

/* The words between two "*" of a row, and the 0 before them, if they are not the first. */
static const char *add_words(struct mt_cause_rows *rows, struct mt_words_row *row, struct mt_slice what)
{
    struct mt_cause_word words[WORDS_MOST + 1];
    size_t n = mt_cause_words_read(what, words, WORDS_MOST + 1);

    if (!n) {
        return row->gap ? "* stands between words" : "words are missing";
    }
    if (row->n + n + 1 > WORDS_MOST) {
        return "too many words: a row has 16 at most";
    }
    for (size_t i = row->n ? 0 : 1; i <= n; i++) {
        uint32_t *place = ADD(rows->words, rows->nwords);
        if (!place) {
            return no_memory;
        }
        *place = i ? words[i - 1].hash : 0;
        row->n++;
    }
    return NULL;
}

static const char *add_all_words(struct mt_cause_rows *rows, struct mt_words_row *row, struct mt_slice what)
{
    const char *wrong = NULL, *star;

    while (!wrong && (star = what.n ? memchr(what.p, '*', what.n) : NULL)) {
        size_t n = (size_t)(star - what.p);
        if (row->kind == MT_WORDS_DOMAIN) {
            return "a domain has no *";
        }
        row->gap = rows->gaps + 1;
        wrong = add_words(rows, row, mt_slice(what.p, n));
        what = mt_slice_skip(what, n + 1);
    }
    if (row->gap) {
        rows->gaps++;
    }
    wrong = wrong ? wrong : add_words(rows, row, what);
    return !wrong && rows->gaps > GAPS_MOST ? "too many rows with *: 256 at most" : wrong;
}

static const char *add_row(struct mt_cause_rows *rows, enum mt_words_kind kind, struct mt_slice what, uint8_t cause)
{
    struct mt_words_row row = {.first = (uint32_t)rows->nwords, .cause = cause, .kind = (uint8_t)kind}, *place;
    const char *wrong = add_all_words(rows, &row, what);

    if (wrong) {
        return wrong;
    }
    if (kind == MT_WORDS_DOMAIN && row.n < 2) {
        return "a domain has a dot";
    }
    if (rows->nrows == ROWS_MOST) {
        return "too many rows: 65535 at most";
    }
    if (kind == MT_WORDS_DOMAIN && !(row.text.p = strndup(what.p, what.n))) {
        return no_memory;
    }
    row.text.n = row.text.p ? what.n : 0;
    place = ADD(rows->rows, rows->nrows);
    if (!place) {
        free((char *)row.text.p);
        return no_memory;
    }
    *place = row;
    return NULL;
}

/* --- lines --- */

static const char *add_by_kind(struct mt_cause_rows *rows, struct mt_slice kind, struct mt_slice what, uint8_t cause)
{
#define IS(word) mt_slice_eq(kind, MT_LIT(word))
    if (IS("dsn")) {
        return add_code(&rows->codes, &rows->ncodes, what, cause);
    }
    if (IS("weak")) {
        return add_code(&rows->weak, &rows->nweak, what, cause);
    }
    if (IS("text")) {
        return add_row(rows, MT_WORDS_TEXT, what, cause);
    }
    if (IS("list")) {
        return add_row(rows, MT_WORDS_LIST, what, cause);
    }
    if (IS("domain")) {
        return add_row(rows, MT_WORDS_DOMAIN, what, cause);
    }
    if (IS("reply")) {
        return add_plain(&rows->replies, &rows->nreplies, what, true, cause);
    }
    if (IS("action")) {
        return add_plain(&rows->actions, &rows->nactions, what, false, cause);
    }
    if (IS("stage")) {
        return add_plain(&rows->stages, &rows->nstages, what, false, cause);
    }
    return "the second word is dsn, text, list, domain, weak, reply, action or stage";
#undef IS
}

const char *mt_cause_row_add(struct mt_cause_rows *rows, struct mt_slice line, char *buf)
{
    struct mt_slice cause = take_word(&line), kind = take_word(&line);
    uint8_t number = 0;

    while (line.n && (*line.p == ' ' || *line.p == '\t')) {
        line = mt_slice_skip(line, 1);
    }
    while (line.n && (line.p[line.n - 1] == ' ' || line.p[line.n - 1] == '\t' || line.p[line.n - 1] == '\r')) {
        line.n--;
    }
    if (!cause.n || *cause.p == '#' || (cause.n == 1 && *cause.p == '\r')) {
        return NULL;
    }
    while (number < MT_CAUSE_COUNT && !mt_slice_eq(cause, mt_cause_words[number])) {
        number++;
    }
    if (number == MT_CAUSE_COUNT) {
        snprintf(buf, 200, "'%.*s' is no cause: `mailtrace causes --table` names them",
                 cause.n < 80 ? (int)cause.n : 80, cause.p);
        return buf;
    }
    if (!kind.n || !line.n) {
        return "a row is: CAUSE KIND WHAT";
    }
    return add_by_kind(rows, kind, line, number);
}

/* --- the index --- */

static uint32_t *place_of(const struct mt_cause_rows *rows, uint32_t hash)
{
    size_t at = (hash >> 1) & rows->mask;

    while (rows->places[at] && rows->words[rows->rows[rows->places[at] - 1].first] != hash) {
        at = (at + 1) & rows->mask;
    }
    return &rows->places[at];
}

bool mt_cause_rows_finish(struct mt_cause_rows *rows)
{
    size_t size = 64;

    while (size < 2 * rows->nrows) {
        size *= 2;
    }
    rows->mask = size - 1;
    rows->places = calloc(size, sizeof *rows->places);
    if (!rows->places) {
        return false;
    }
    for (size_t i = rows->nrows; i-- > 0;) { /* from the last, so that a chain is in their order */
        uint32_t *place = place_of(rows, rows->words[rows->rows[i].first]);
        rows->rows[i].next = *place;
        *place = (uint32_t)i + 1;
    }
    return true;
}

uint32_t mt_cause_rows_first(const struct mt_cause_rows *rows, uint32_t hash)
{
    return *place_of(rows, hash);
}

static void free_plain(struct mt_plain_row *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free((char *)v[i].word.p);
    }
    free(v);
}

void mt_cause_rows_free(struct mt_cause_rows *rows)
{
    for (size_t i = 0; i < rows->nrows; i++) {
        free((char *)rows->rows[i].text.p);
    }
    free_plain(rows->replies, rows->nreplies);
    free_plain(rows->actions, rows->nactions);
    free_plain(rows->stages, rows->nstages);
    free(rows->codes);
    free(rows->weak);
    free(rows->rows);
    free(rows->words);
    free(rows->places);
}
