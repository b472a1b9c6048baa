#include "hops.h"

#include <stdio.h>

#define WIDEST 60 /* characters of a cell; all of it is in the JSON */
#define BAR    20

enum column { HOP, TIME, DELAY, WHERE, FROM, BY, PROTOCOL, ID, FOR, COLUMNS };

static const char *const titles[COLUMNS] = {
    [HOP] = "hop", [TIME] = "time (UTC)",   [DELAY] = "delay", [WHERE] = "hand-off", [FROM] = "from",
    [BY] = "by",   [PROTOCOL] = "protocol", [ID] = "id",       [FOR] = "for",
};

struct cell {
    size_t at, n; /* in the buffer of cells */
    size_t width; /* characters */
};

struct table {
    struct mt_buffer cells;
    struct cell *row; /* of the hop that is laid out */
    size_t widths[COLUMNS];
};

/* ---- cells ---- */

static void put(struct table *table, enum column column, struct mt_slice s, size_t most)
{
    struct cell *cell = &table->row[column];

    cell->width += cli_text_clean(&table->cells, s, most);
    cell->n = table->cells.n - cell->at;
}

static void put_word(struct table *table, enum column column, const char *word)
{
    put(table, column, mt_slice_str(word), 0);
}

/* NAME [IP] (helo HELO), as far as known */
static void put_from(struct table *table, const struct mt_hop *hop)
{
    struct mt_slice name = hop->name.n ? hop->name : hop->helo;

    put(table, FROM, name, WIDEST);
    if (hop->ip.n) {
        put_word(table, FROM, name.n ? " [" : "[");
        put(table, FROM, hop->ip, WIDEST);
        put_word(table, FROM, "]");
    }
    if (hop->helo.n && hop->name.n && !mt_slice_eq(hop->helo, hop->name)) {
        put_word(table, FROM, " (helo ");
        put(table, FROM, hop->helo, WIDEST);
        put_word(table, FROM, ")");
    }
}

static void put_by(struct table *table, const struct mt_hop *hop)
{
    put(table, BY, hop->by_name, WIDEST);
    if (hop->by_ip.n) {
        put_word(table, BY, hop->by_name.n ? " [" : "[");
        put(table, BY, hop->by_ip, WIDEST);
        put_word(table, BY, "]");
    }
}

static void put_protocol(struct table *table, const struct mt_hop *hop)
{
    const char *before = hop->with.n ? " (" : "(";

    put(table, PROTOCOL, hop->with, WIDEST);
    if (hop->tls) {
        put_word(table, PROTOCOL, before);
        put_word(table, PROTOCOL, "TLS");
        before = ", ";
    }
    if (hop->auth) {
        put_word(table, PROTOCOL, before);
        put_word(table, PROTOCOL, "auth");
        before = ", ";
    }
    if (*before == ',') {
        put_word(table, PROTOCOL, ")");
    }
}

static void put_cell(struct table *table, const struct cli_route *route, size_t i, enum column column)
{
    const struct mt_hop *hop = &route->hops[i].hop;
    char buf[64];

    switch (column) {
    case HOP:
        snprintf(buf, sizeof buf, "%zu", i + 1);
        put_word(table, column, buf);
        break;
    case TIME:
        if (hop->timed) {
            cli_text_timestamp(&hop->time, true, buf);
            put_word(table, column, buf);
        }
        break;
    case DELAY:
        if (hop->delayed) {
            cli_text_duration(hop->delay, buf);
            put_word(table, column, buf);
        }
        break;
    case WHERE:
        put_word(table, column, hop->notes & MT_HOP_NO_CLAUSE ? "" : route->hops[i].internal ? "internal" : "external");
        break;
    case FROM:
        put_from(table, hop);
        break;
    case BY:
        put_by(table, hop);
        break;
    case PROTOCOL:
        put_protocol(table, hop);
        break;
    case ID:
        put(table, column, hop->id, WIDEST);
        break;
    case FOR:
        put(table, column, hop->recipient, WIDEST);
        break;
    case COLUMNS:
        break;
    }
}

static void lay_out(struct table *table, const struct cli_route *route, size_t i, struct cell row[COLUMNS])
{
    table->cells.n = 0;
    table->row = row;
    for (enum column c = 0; c < COLUMNS; c++) {
        row[c] = (struct cell){.at = table->cells.n};
        put_cell(table, route, i, c);
    }
}

/* ---- lines ---- */

static void pad(struct cli_text *text, size_t n)
{
    for (; n; n--) {
        cli_text_word(text, " ");
    }
}

static void print_titles(struct cli_text *text, const struct table *table)
{
    cli_text_style(text, CLI_BOLD);
    for (enum column c = 0; c < COLUMNS; c++) {
        if (table->widths[c]) {
            cli_text_print(text, "%s%-*s", c ? "  " : "", c == FOR ? 0 : (int)table->widths[c], titles[c]);
            if (c == DELAY && text->terminal) {
                pad(text, BAR + 2);
            }
        }
    }
    cli_text_style(text, CLI_PLAIN);
    cli_text_line(text);
}

static void print_bar(struct cli_text *text, const struct cli_route *route, const struct mt_hop *hop)
{
    int64_t longest = route->slowest < route->n ? route->hops[route->slowest].hop.delay : 0;
    size_t n = 0;

    if (longest > 0 && hop->delayed && hop->delay > 0) {
        n = (size_t)((double)hop->delay / (double)longest * BAR + 0.5);
    }
    cli_text_word(text, "  ");
    for (size_t i = 0; i < BAR; i++) {
        cli_text_word(text, i < n ? "#" : " ");
    }
}

static enum cli_style style_of(const struct cli_route *route, size_t i)
{
    if (route->hops[i].hop.delayed && route->hops[i].hop.delay < 0) {
        return CLI_BAD;
    }
    return i == route->slowest ? CLI_WARN : CLI_PLAIN;
}

static void print_row(struct cli_text *text, const struct table *table, const struct cli_route *route, size_t i)
{
    size_t gap = 0;

    for (enum column c = 0; c < COLUMNS; c++) {
        const struct cell *cell = &table->row[c];
        if (!table->widths[c]) {
            continue;
        }
        if (cell->n) { /* nothing is padded at the end of a line */
            pad(text, gap);
            gap = 0;
            if (c == DELAY) {
                cli_text_style(text, style_of(route, i));
            }
            mt_buffer_append(&text->output.buffer, table->cells.p + cell->at, cell->n);
        }
        gap += table->widths[c] - cell->width + 2;
        if (c == DELAY && text->terminal) {
            pad(text, gap - 2);
            print_bar(text, route, &route->hops[i].hop);
            gap = 2;
        }
        if (c == DELAY) {
            cli_text_style(text, CLI_PLAIN);
        }
    }
    if (i == route->slowest) {
        cli_text_style(text, CLI_WARN);
        cli_text_word(text, "  <- slowest");
        cli_text_style(text, CLI_PLAIN);
    }
    cli_text_line(text);
}

/* ---- notes ---- */

static void note(struct cli_text *text, size_t hop, const char *what)
{
    cli_text_print(text, "  hop %zu: %s", hop + 1, what);
    cli_text_line(text);
}

static void print_comments(struct cli_text *text, const struct mt_hop *hop, size_t i)
{
    if (hop->notes & MT_HOP_NO_CLAUSE && hop->ncomments) {
        cli_text_print(text, "  hop %zu: ", i + 1);
        cli_text_foreign(text, hop->comments[0], 2 * WIDEST);
        cli_text_line(text);
    }
}

static void print_strange(struct cli_text *text, const struct cli_route *route, size_t i)
{
    const struct mt_hop *hop = &route->hops[i].hop;

    cli_text_print(text, "  hop %zu: came from ", i + 1);
    cli_text_foreign(text, hop->name.n ? hop->name : hop->helo, WIDEST);
    cli_text_print(text, ", but hop %zu was received by ", i);
    cli_text_foreign(text, route->hops[i - 1].hop.by_name, WIDEST);
    cli_text_word(text, ": a header may be missing, or forged");
    cli_text_line(text);
}

static void print_notes(struct cli_text *text, const struct cli_route *route, size_t i)
{
    static const struct {
        unsigned note;
        const char *text;
    } notes[] = {
        {MT_HOP_NO_CLAUSE, "no \"from\" and no \"by\""},
        {MT_HOP_NO_DATE, "no date"},
        {MT_HOP_BAD_DATE, "its date cannot be read"},
        {MT_HOP_NO_ZONE, "its date has no known zone: taken as UTC"},
        {MT_HOP_OPEN, "a comment does not end"},
        {MT_HOP_TWICE, "a clause stands there twice: the first one counts"},
        {MT_HOP_MORE, "more comments than are kept"},
    };
    const struct cli_hop *h = &route->hops[i];
    char buf[CLI_DURATION];

    print_comments(text, &h->hop, i);
    for (size_t k = 0; k < sizeof notes / sizeof *notes; k++) {
        if (h->hop.notes & notes[k].note) {
            note(text, i, notes[k].text);
        }
    }
    if (h->hop.delayed && h->hop.delay < 0) {
        cli_text_duration(-h->hop.delay, buf);
        cli_text_print(text, "  hop %zu: %s before the hop before it: one of the clocks is wrong", i + 1, buf);
        cli_text_line(text);
    }
    if (h->strange) {
        print_strange(text, route, i);
    }
}

static void print_sum(struct cli_text *text, const struct cli_route *route)
{
    char whole[CLI_DURATION], longest[CLI_DURATION];

    cli_text_print(text, "%zu hop%s", route->n, route->n == 1 ? "" : "s");
    if (route->timed && route->n > 1) {
        cli_text_duration(route->last - route->first, whole);
        cli_text_print(text, " in %s", whole);
    }
    if (route->slowest < route->n) {
        cli_text_duration(route->hops[route->slowest].hop.delay, longest);
        cli_text_print(text, ", %s of it before hop %zu", longest, route->slowest + 1);
    }
    cli_text_line(text);
    if (route->omitted) {
        cli_text_print(text, "%zu more, the oldest, are left out", route->omitted);
        cli_text_line(text);
    }
}

void cli_hops_print(struct cli_text *text, const struct cli_route *route)
{
    struct table table = {0};
    struct cell row[COLUMNS];

    for (size_t i = 0; i < route->n; i++) {
        lay_out(&table, route, i, row);
        for (enum column c = 0; c < COLUMNS; c++) {
            size_t least = row[c].width ? strlen(titles[c]) : 0;
            size_t width = row[c].width > least ? row[c].width : least;
            table.widths[c] = width > table.widths[c] ? width : table.widths[c];
        }
    }
    print_titles(text, &table);
    for (size_t i = 0; i < route->n; i++) {
        lay_out(&table, route, i, row);
        print_row(text, &table, route, i);
    }
    for (size_t i = 0; i < route->n; i++) {
        print_notes(text, route, i);
    }
    print_sum(text, route);
    text->output.failed |= table.cells.failed;
    mt_buffer_free(&table.cells);
}
