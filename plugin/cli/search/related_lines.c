#include "related_lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "show/progress.h"

/* A queue ID that a remote host names is searched for when it looks like one. */
#define ID_LEAST 6
#define ID_MOST  64

static void no_memory(struct cli_related *related)
{
    if (!related->failed) {
        cli_error("%s", strerror(ENOMEM));
    }
    related->failed = true;
}

void cli_related_start(struct cli_related *related, const struct cli_options *options, struct cli_files *files)
{
    *related = (struct cli_related){.options = options, .files = files};
}

void cli_related_free(struct cli_related *related)
{
    cli_lines_free(&related->lines);
    cli_sessions_free(&related->sessions);
    cli_numbered_texts_free(&related->ids);
    cli_numbered_texts_free(&related->aliases);
    cli_numbered_texts_free(&related->message_ids);
    cli_search_texts_free(&related->wanted);
}

/* ---- what is searched for ---- */

static void search(struct cli_related *related, struct mt_slice text, enum cli_search_text_kind kind)
{
    if (!cli_search_texts_add(&related->wanted, text, kind)) {
        no_memory(related);
    }
    related->learned = true;
    related->learned_file = related->file;
    related->learned_place = related->place;
}

/* Lines may tell of it by the names of its envelopes, which begin with it: eight hex digits, and eight more. */
static bool may_begin_names(struct mt_slice id)
{
    for (size_t i = 0; i < id.n; i++) {
        if (!(id.p[i] >= '0' && id.p[i] <= '9') && !(id.p[i] >= 'a' && id.p[i] <= 'f')) {
            return false;
        }
    }
    return id.n == 8;
}

static void add_id(struct cli_related *related, struct mt_slice id)
{
    uint32_t before = related->ids.n;

    if (cli_numbered_texts_add(&related->ids, id) == CLI_NO_NUMBER) {
        no_memory(related);
    } else if (related->ids.n > before && id.n >= CLI_SEARCH_LEAST) {
        search(related, id, may_begin_names(id) ? CLI_SEARCH_START : CLI_SEARCH_WORD);
    }
}

void cli_related_id(struct cli_related *related, struct mt_slice id)
{
    add_id(related, id);
}

/* What is named by somebody else: only what can be an ID, so that not each line holds it. */
static void add_named_id(struct cli_related *related, struct mt_slice id)
{
    bool digit = false;

    for (size_t i = 0; i < id.n; i++) {
        char c = id.p[i];
        digit |= c >= '0' && c <= '9';
        if (c <= ' ' || c >= 0x7f) {
            return;
        }
    }
    if (digit && id.n >= ID_LEAST && id.n <= ID_MOST) {
        add_id(related, id);
    }
}

/* The longest part of a Message-ID that every server logs as it is. */
static struct mt_slice plain_part(struct mt_slice id)
{
    struct mt_slice best = {NULL, 0}, run = {id.p, 0};
    size_t most = id.n < 90 ? id.n : 90;

    for (size_t i = 0; i <= most; i++) {
        if (i < most && id.p[i] > ' ' && id.p[i] < 0x7f && id.p[i] != '\\') {
            run.n++;
            continue;
        }
        best = run.n > best.n ? run : best;
        run = mt_slice(id.p + i + 1, 0);
    }
    return best;
}

static bool add_text(struct cli_related *related, struct mt_slice text)
{
    if (text.n < CLI_SEARCH_LEAST) {
        return false;
    }
    search(related, text, CLI_SEARCH_ANYWHERE);
    related->by_text |= !related->by_message_id;
    return true;
}

static void follow_message_id(struct cli_related *related, struct mt_slice id)
{
    uint32_t before = related->message_ids.n;

    if (related->by_message_id && id.n && cli_numbered_texts_add(&related->message_ids, id) != CLI_NO_NUMBER &&
        related->message_ids.n > before) {
        add_text(related, plain_part(id));
    }
}

/* The shapes in which servers write an IPv6 address: the short one, and the long one with all its zeros. */
static bool add_ip(struct cli_related *related, struct mt_slice ip)
{
    struct cli_ip_texts texts;

    cli_ip_texts(ip, &texts);
    for (size_t i = 0; i < texts.n; i++) {
        add_text(related, mt_slice_str(texts.v[i]));
    }
    return add_text(related, ip);
}

bool cli_related_wanted(struct cli_related *related)
{
    const struct mt_criteria *w = &related->options->wanted;

    if (w->message_id.n) {
        return add_text(related, plain_part(w->message_id));
    }
    if (w->queue_id.n) {
        related->by_message_id = true;
        add_id(related, w->queue_id);
        return w->queue_id.n >= CLI_SEARCH_LEAST;
    }
    if (w->to.n) {
        return add_text(related, w->to);
    }
    if (w->from.n && !w->null_sender) {
        return add_text(related, w->from);
    }
    if (w->ip.n) {
        return add_ip(related, w->ip);
    }
    return w->subject.n && add_text(related, w->subject);
}

/* ---- what is kept ---- */

/* The line that the search is at. */
static struct cli_line line_here(const struct cli_related *related, struct mt_slice raw, bool cut, uint32_t id)
{
    return (struct cli_line){.raw = raw, .file = related->file, .place = related->place, .id = id, .cut = cut};
}

static void keep(struct cli_related *related, const struct cli_line *line)
{
    struct cli_line copy;

    if (!cli_line_copy(line, &copy) || !cli_lines_take(&related->lines, &copy)) {
        no_memory(related);
    }
}

/* ---- what a line says ---- */

static bool is_known(const struct cli_related *related, struct mt_slice id)
{
    return id.n && cli_numbered_texts_find(&related->ids, id) != CLI_NO_NUMBER;
}

static bool has_message_id(const struct cli_related *related, struct mt_slice id)
{
    struct mt_slice wanted = related->options->wanted.message_id;

    return id.n && (wanted.n ? mt_same_message_id(wanted, id)
                             : cli_numbered_texts_find(&related->message_ids, id) != CLI_NO_NUMBER);
}

/* The line itself meets the criterion that is searched for: the first one in cli_related_wanted(). Of a line that
 * was split that is not known yet.
 */
static bool is_seed(const struct cli_related *related, const struct mt_record *rec)
{
    const struct mt_criteria *w = &related->options->wanted;
    const struct mt_fields *f = &rec->f;

    if (!related->by_text) {
        return has_message_id(related, mt_get(f, MT_F_MESSAGE_ID));
    }
    if (w->message_id.n) {
        return rec->kind == MT_KIND_PART || has_message_id(related, mt_get(f, MT_F_MESSAGE_ID));
    }
    if (w->to.n) {
        return rec->kind == MT_KIND_PART || mt_has(f, MT_F_TO) || mt_has(f, MT_F_ORIG_TO);
    }
    if (w->from.n) {
        return rec->kind == MT_KIND_PART || mt_has(f, MT_F_FROM);
    }
    return w->ip.n || mt_has(f, MT_F_SUBJECT);
}

/* What a line about an entry names beside its queue ID: what others call it, and the entries that it goes on as or comes from. */
static const enum mt_field other_ids[] = {MT_F_EXTERNAL_ID, MT_F_NEXT_QUEUE_ID, MT_F_PARENT_QUEUE_ID,
                                          MT_F_BOUNCE_QUEUE_ID};

/* Of an entry that is not known, but names what is. */
static bool is_linked(const struct cli_related *related, const struct mt_record *rec)
{
    for (size_t i = 0; i < sizeof other_ids / sizeof *other_ids; i++) {
        if (is_known(related, mt_get(&rec->f, other_ids[i]))) {
            return true;
        }
    }
    return false;
}

/* Other names by which lines tell of an entry: those of its attempts, whose results have no queue ID, and those of the
 * processes that put it, or the notification about it, into the queue.
 */
static void add_alias(struct cli_related *related, const struct mt_record *rec)
{
    uint32_t before = related->aliases.n;

    if (rec->alias.text.n < CLI_SEARCH_LEAST) {
        return;
    }
    if (cli_numbered_texts_add(&related->aliases, rec->alias.text) == CLI_NO_NUMBER) {
        no_memory(related);
    } else if (related->aliases.n > before) {
        search(related, rec->alias.text, CLI_SEARCH_WORD);
    }
}

static bool has_alias(const struct cli_related *related, const struct mt_record *rec)
{
    return rec->alias.text.n && cli_numbered_texts_find(&related->aliases, rec->alias.text) != CLI_NO_NUMBER;
}

static void keep_record(struct cli_related *related, const struct mt_record *rec, struct mt_slice raw)
{
    struct mt_slice id = mt_get(&rec->f, MT_F_QUEUE_ID);
    struct mt_slice process;
    struct cli_line line;
    uint32_t number;

    add_id(related, id);
    number = cli_numbered_texts_find(&related->ids, id);
    for (size_t i = 0; i < sizeof other_ids / sizeof *other_ids; i++) {
        add_named_id(related, mt_get(&rec->f, other_ids[i]));
    }
    follow_message_id(related, mt_get(&rec->f, MT_F_MESSAGE_ID));
    add_alias(related, rec);
    line = line_here(related, raw, rec->line.cut, number);
    keep(related, &line);
    process = cli_sessions_meet(&related->sessions, rec, &line, &related->lines);
    if (process.n) {
        search(related, process, CLI_SEARCH_WORD);
    }
}

/* Lines of other programs, or of unknown forms, that begin with a known queue ID are evidence all the same. */
static void keep_other(struct cli_related *related, const struct mt_line *line, struct mt_slice raw)
{
    const char *colon = line->text.n ? memchr(line->text.p, ':', line->text.n) : NULL;
    struct mt_slice id = colon ? mt_slice_to(line->text.p, colon) : mt_slice(NULL, 0);

    if (is_known(related, id)) {
        struct cli_line found = line_here(related, raw, line->cut, cli_numbered_texts_find(&related->ids, id));
        keep(related, &found);
    }
}

/* A filter's line that names no entry, but its Message-ID, or its client and sender: the correlator finds out which one it is about. */
static bool may_be_verdict(const struct cli_related *related, const struct mt_record *rec)
{
    if (rec->kind != MT_KIND_FILTER || mt_has(&rec->f, MT_F_QUEUE_ID)) {
        return false;
    }
    return is_seed(related, rec) ||
           (rec->alias.space == MT_SPACE_MESSAGE_ID && has_message_id(related, rec->alias.text));
}

static void look_at(struct cli_related *related, struct cli_log *log, struct mt_slice raw)
{
    size_t most = related->options->settings.config.max_line;
    bool cut = raw.n > most;
    struct cli_line line = line_here(related, raw, cut, CLI_NO_NUMBER);
    struct mt_record rec;
    struct mt_slice id;

    cli_log_read(log, related->options, cut ? mt_slice(raw.p, most) : raw, cut);
    if (cli_log_parse(log, related->options, &rec) != MT_RECOGNISED) {
        keep_other(related, &log->line, raw);
        return;
    }
    id = mt_get(&rec.f, MT_F_QUEUE_ID);
    if (id.n && (is_known(related, id) || is_seed(related, &rec) || is_linked(related, &rec))) {
        keep_record(related, &rec, raw);
    } else if (has_alias(related, &rec) && rec.alias.space == MT_SPACE_DELIVERY) {
        /* Who else has the name, at another time, must be known, too, or its results would be taken for the entry's. */
        keep(related, &line);
    } else if (has_alias(related, &rec) && id.n) {
        keep_record(related, &rec, raw);
    } else if (may_be_verdict(related, &rec)) {
        line.cut = rec.line.cut;
        keep(related, &line);
    } else if (!id.n && (rec.kind == MT_KIND_REJECT || related->options->wanted.ip.n) && is_seed(related, &rec)) {
        keep(related, &line);
    } else {
        line.cut = rec.line.cut;
        cli_sessions_pass(&related->sessions, &rec, &line, &related->lines);
    }
    if (related->sessions.failed) {
        no_memory(related);
    }
}

/* ---- reading ---- */

static struct mt_slice line_around(struct mt_slice block, const char *hit)
{
    const char *start = memrchr(block.p, '\n', (size_t)(hit - block.p));
    const char *end = memchr(hit, '\n', (size_t)(block.p + block.n - hit));

    start = start ? start + 1 : block.p;
    end = end ? end : block.p + block.n;
    if (end > start && end[-1] == '\r') {
        end--;
    }
    return mt_slice_to(start, end);
}

/* Looks at the lines of a block that hold one of the texts. */
static void scan(struct cli_related *related, struct cli_log *log, struct mt_slice block, uint64_t base)
{
    struct mt_slice rest = block;
    const char *hit;

    while (!related->failed && (hit = cli_search_texts_find(&related->wanted, rest))) {
        struct mt_slice line = line_around(block, hit);
        const char *after = line.p + line.n;
        related->place = base + (uint64_t)(line.p - block.p);
        look_at(related, log, line);
        if (after < hit + 1) {
            after = hit + 1;
        }
        rest = mt_slice_to(after, block.p + block.n);
    }
}

/* The same until nothing new is learned: what stands shortly before a line that tells something new is
 * mostly in the same block.
 */
static void scan_block(struct cli_related *related, struct cli_log *log, struct mt_slice block, uint64_t base)
{
    size_t first = related->lines.n;
    uint32_t before;

    do {
        cli_lines_forget(&related->lines, first, related->file, base, base + block.n);
        before = related->wanted.n;
        scan(related, log, block, base);
    } while (!related->failed && related->wanted.n != before);
}

/* Up to the place `limit`. */
static void read_file(struct cli_related *related, uint64_t limit)
{
    struct cli_file *file = &related->files->v[related->file];
    struct cli_log log;
    struct mt_slice block;
    uint64_t base = 0;
    enum cli_got got = CLI_GOT_LINE;

    if (file->bad || !cli_log_open(&log, file->path, related->options, NULL)) {
        related->files->failed = file->bad = true;
        return;
    }
    log.input.name = file->name;
    file->zone = log.zone;
    while (base < limit && !related->failed) {
        got = cli_input_block(&log.input, related->options->settings.config.max_line, &block);
        if (got != CLI_GOT_LINE) {
            break;
        }
        scan_block(related, &log, block, base);
        base += block.n;
    }
    if (got == CLI_GOT_ERROR) {
        related->files->failed = file->bad = true;
    }
    cli_log_close(&log);
}

/* From the start up to a place. */
static void pass(struct cli_related *related, uint32_t last_file, uint64_t last_place)
{
    for (uint32_t file = 0; file <= last_file; file++) {
        cli_lines_forget(&related->lines, 0, file, 0, file == last_file ? last_place : UINT64_MAX);
    }
    related->learned = false;
    cli_sessions_reset(&related->sessions);
    for (related->file = 0;
         related->file <= last_file && related->file < related->files->n && !related->failed && !cli_stop;
         related->file++) {
        related->place = 0;
        read_file(related, related->file == last_file ? last_place : UINT64_MAX);
    }
}

/* Behind the place where the last new thing was learned, all was searched for all there is. Before it,
 * another pass has to. What that learns in turn asks for a whole one.
 */
void cli_related_run(struct cli_related *related)
{
    uint32_t last = related->files->n ? (uint32_t)related->files->n - 1 : 0;

    if (!related->files->n) {
        return;
    }
    pass(related, last, UINT64_MAX);
    while (related->learned && !related->failed && !cli_stop) {
        uint32_t file = related->learned_file;
        uint64_t place = related->learned_place;
        pass(related, file, place);
        if (related->learned && !related->failed && !cli_stop) {
            pass(related, last, UINT64_MAX);
        }
    }
    cli_lines_sort(&related->lines);
}
