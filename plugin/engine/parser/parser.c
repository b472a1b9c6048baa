/* Which MTA wrote a line: one table, read from the program's name. */
#include "mailtrace/parser.h"

#include "base/scan.h"
#include "mta.h"

const char *const mt_mta_names[MT_MTA_COUNT] = {
#define MT_NAME(id, name) [MT_MTA_##id] = name,
    MT_MTAS(MT_NAME)
#undef MT_NAME
};

const char *const mt_kind_names[MT_KIND_COUNT] = {
#define MT_NAME(id, name) [MT_KIND_##id] = name,
    MT_KINDS(MT_NAME)
#undef MT_NAME
};

const char *const mt_status_names[MT_STATUS_COUNT] = {
#define MT_NAME(id, name) [MT_STATUS_##id] = name,
    MT_STATUSES(MT_NAME)
#undef MT_NAME
};

typedef bool mt_read_fn(struct mt_record *rec);

/* A row: the program (the first component of the tag), the MTA, the default
 * instance (the name that is no instance), the reader. Postfix lets its syslog_name be
 * anything that starts the tag, so a tag with a slash whose last component is
 * one of its daemons is Postfix's too: see row_of().
 */
static const struct row {
    struct mt_slice program;
    enum mt_mta mta;
    bool is_default;
    mt_read_fn *read;
} rows[] = {
    {{"postfix", 7}, MT_MTA_POSTFIX, true, mt_postfix_read},
    {{"sendmail", 8}, MT_MTA_SENDMAIL, true, mt_sendmail_read},
    {{"sm-mta", 6}, MT_MTA_SENDMAIL, true, mt_sendmail_read},
    {{"sm-msp-queue", 12}, MT_MTA_SENDMAIL, false, mt_sendmail_read},
};

/* Postfix' programs that log (conf/master.cf, and the postfix(1) commands). */
static const char *const postfix_programs[] = {
    "anvil",    "bounce",         "cleanup", "discard",  "dnsblog",      "error",     "flush",      "lmtp",
    "local",    "master",         "nqmgr",   "oqmgr",    "pickup",       "pipe",      "postalias",  "postcat",
    "postdrop", "postfix-script", "postlog", "postlogd", "postmap",      "postqueue", "postscreen", "postsuper",
    "proxymap", "proxywrite",     "qmgr",    "qmqpd",    "relay",        "retry",     "scache",     "sendmail",
    "showq",    "smtp",           "smtpd",   "spawn",    "tlsmgr",       "tlsproxy",  "trace",      "trivial-rewrite",
    "verify",   "virtual",        "defer",   "postconf", "post-install",
};

static bool is_postfix_program(struct mt_slice name)
{
    for (size_t i = 0; i < sizeof postfix_programs / sizeof *postfix_programs; i++) {
        if (mt_slice_eq(name, mt_slice_str(postfix_programs[i]))) {
            return true;
        }
    }
    return false;
}

/* Marks, with 0x80, the bytes of a word that are '/'. */
static inline uint64_t slashes_in(uint64_t word)
{
    word ^= MT_EACH('/');
    return ~(((word & MT_EACH(0x7f)) + MT_EACH(0x7f)) | word) & MT_EACH(0x80);
}

/* Behind the last slash, or NULL. */
static inline const char *after_slash(struct mt_slice program)
{
    const char *p = program.p;
    size_t n = program.n;

    if (n >= 8) {
        uint64_t slashes = slashes_in(mt_load(p + n - 8));
        if (slashes) {
            return p + n - __builtin_clzll(slashes) / 8;
        }
        n -= 8;
    } else if (n >= 4) {
        uint32_t start, rest;
        memcpy(&start, p, 4);
        memcpy(&rest, p + n - 4, 4);
        if (!slashes_in((uint64_t)start << 32 | rest)) {
            return NULL;
        }
    }
    while (n && p[n - 1] != '/') {
        n--;
    }
    return n ? p + n : NULL;
}

/* The row of a name whose last component is known. *named: it is that of the first component itself. */
static const struct row *row_of(struct mt_slice first, struct mt_slice last, bool slash, bool *named)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (mt_word_eq(first, rows[i].program)) {
            return &rows[i];
        }
    }
    *named = false;
    if (slash ? is_postfix_program(last) : mt_slice_starts(first, MT_LIT("postfix-"))) {
        return &rows[0];
    }
    return NULL;
}

/* "message repeated 3 times: [ text]" (rsyslog), also with a blank before the bracket. */
static __attribute__((noinline)) void unwrap(struct mt_record *rec)
{
    struct mt_slice at = rec->line.text;
    int64_t times;

    if (!MT_EAT(&at, "message repeated ") || !mt_take_int(&at, &times) || !MT_EAT(&at, " times: [")) {
        return;
    }
    if (at.n && at.p[at.n - 1] == ']') {
        at.n--;
    }
    while (at.n && *at.p == ' ') {
        at = mt_slice_skip(at, 1);
    }
    rec->line.text = at;
    rec->repeated = true;
}

/* The row of an MTA that the adapter has told. */
static const struct row *row_of_mta(uint8_t mta)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].mta == mta) {
            return &rows[i];
        }
    }
    return NULL;
}

static __attribute__((noinline)) enum mt_verdict read_line(const struct mt_line *line, const struct row *row,
                                                           struct mt_slice instance, struct mt_record *rec)
{
    const char *slash = after_slash(line->program);

    rec->line = *line;
    rec->mta = (uint8_t)row->mta;
    rec->kind = MT_KIND_NONE;
    rec->status = MT_STATUS_NONE;
    rec->list = rec->more = rec->repeated = rec->postmaster = false;
    rec->part = 0;
    rec->service = slash ? mt_slice_to(slash, line->program.p + line->program.n) : line->program;
    mt_fields_clear(&rec->f);
    mt_set(&rec->f, MT_F_INSTANCE, instance);
    if (line->text.n && *line->text.p == 'm') {
        unwrap(rec);
    }
    if (row->read(rec)) {
        return MT_RECOGNISED;
    }
    rec->kind = MT_KIND_NONE;
    rec->f.have[0] &= (uint64_t)1 << MT_F_INSTANCE;
    rec->f.have[1] = 0;
    return MT_UNRECOGNISED;
}

/* Is it Postfix' own tag? That of most lines, and the cheapest to tell. */
static inline bool is_postfix(const struct mt_line *line)
{
    return !line->mta && mt_slice_starts(line->program, MT_LIT("postfix/"));
}

/* The row of any other line, or NULL, and its instance, which may be empty. */
static __attribute__((noinline)) const struct row *row_of_line(const struct mt_line *line, struct mt_slice *instance)
{
    const struct mt_slice program = line->program;
    const char *slash = after_slash(program);
    struct mt_slice last = slash ? mt_slice_to(slash, program.p + program.n) : program;
    struct mt_slice first;
    const struct row *row;
    bool named = true;

    *instance = mt_slice(NULL, 0);
    if (line->mta) {
        return row_of_mta(line->mta);
    }
    first = slash ? mt_slice_to(program.p, mt_find(program, '/')) : program;
    row = row_of(first, last, slash != NULL, &named);
    if (row && !(named && row->is_default)) {
        *instance = first;
    }
    return row;
}

bool mt_is_foreign(const struct mt_line *line)
{
    struct mt_slice instance;

    return !is_postfix(line) && !row_of_line(line, &instance);
}

enum mt_verdict mt_parse(const struct mt_line *line, struct mt_record *rec)
{
    struct mt_slice instance;
    const struct row *row;

    if (is_postfix(line)) {
        return read_line(line, &rows[0], mt_slice(NULL, 0), rec);
    }
    row = row_of_line(line, &instance);
    return row ? read_line(line, row, instance, rec) : MT_FOREIGN;
}

bool mt_recipient_next(bool list, struct mt_slice *rest, struct mt_slice *address)
{
    if (list) {
        return mt_sendmail_recipient_next(rest, address);
    }
    *address = *rest;
    *rest = mt_slice(NULL, 0);
    return address->n != 0;
}
