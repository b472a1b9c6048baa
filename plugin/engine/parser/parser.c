/* Which source wrote a line: told by the program's name. */
#include "mailtrace/parser.h"

#include "base/scan.h"

#define MT_ROW(id, name) extern const struct mt_source mt_source_##id;
MT_SOURCE_ROWS(MT_ROW)
#undef MT_ROW

static const struct mt_source_program nothing[] = {{{NULL, 0}, MT_ROLE_OTHER}};
static const struct mt_source none = {.programs = nothing};

const struct mt_source *const mt_sources[MT_SOURCE_COUNT] = {&none,
#define MT_ROW(id, name) &mt_source_##id,
                                                             MT_SOURCE_ROWS(MT_ROW)
#undef MT_ROW
};

const char *const mt_source_names[MT_SOURCE_COUNT] = {NULL,
#define MT_ROW(id, name) name,
                                                      MT_SOURCE_ROWS(MT_ROW)
#undef MT_ROW
};

/* The sources, as bits, that have a program with this initial: other tags, which are most of a host's, are told at once. */
#define MT_IF_INITIAL(n, id, name, initials) | (uint32_t)((initials) >> (n)&1) << MT_SOURCE_##id
#define MT_ONE(n)                            0 MT_SOURCE_ROWS_WITH(MT_IF_INITIAL, n)
#define MT_EIGHT(n)                                                                                                  \
    MT_ONE(n), MT_ONE((n) + 1), MT_ONE((n) + 2), MT_ONE((n) + 3), MT_ONE((n) + 4), MT_ONE((n) + 5), MT_ONE((n) + 6), \
        MT_ONE((n) + 7)
static const uint32_t sources_of_initial[64] = {MT_EIGHT(0),  MT_EIGHT(8),  MT_EIGHT(16), MT_EIGHT(24),
                                                MT_EIGHT(32), MT_EIGHT(40), MT_EIGHT(48), MT_EIGHT(56)};
_Static_assert(MT_SOURCE_COUNT <= 32, "a bit for each source");

static inline uint32_t sources_like(struct mt_slice program)
{
    return program.n ? sources_of_initial[*program.p & 63] : 0;
}

#define MT_TEXT(text)            \
    {                            \
        (text), sizeof(text) - 1 \
    }
const struct mt_slice mt_own_log_programs[MT_OWN_LOG_COUNT] = {
    [MT_OWN_LOG_PLAIN] = MT_TEXT("exim"),        /* src/log.c, log_write */
    [MT_OWN_LOG_TASKS] = MT_TEXT("rspamd"),      /* libserver/logger */
    [MT_OWN_LOG_NANOSECONDS] = MT_TEXT("qmail"), /* daemontools: tai64nlocal */
    [MT_OWN_LOG_TAI64N] = MT_TEXT("qmail"),      /* daemontools: multilog */
};
#undef MT_TEXT

const char *const mt_kind_names[MT_KIND_COUNT] = {
#define MT_NAME(id, name, rank, effect) [MT_KIND_##id] = name,
    MT_KINDS(MT_NAME)
#undef MT_NAME
};

const uint8_t mt_kind_ranks[MT_KIND_COUNT] = {
#define MT_RANK(id, name, rank, effect) [MT_KIND_##id] = (rank),
    MT_KINDS(MT_RANK)
#undef MT_RANK
};

const uint8_t mt_kind_effects[MT_KIND_COUNT] = {
#define MT_EFFECT(id, name, rank, effect) [MT_KIND_##id] = MT_EFFECT_##effect,
    MT_KINDS(MT_EFFECT)
#undef MT_EFFECT
};

const char *const mt_trouble_names[MT_TROUBLE_COUNT] = {
#define MT_NAME(id, name) [MT_TROUBLE_##id] = name,
    MT_TROUBLES(MT_NAME)
#undef MT_NAME
};

const char *const mt_status_names[MT_STATUS_COUNT] = {
#define MT_NAME(id, name) [MT_STATUS_##id] = name,
    MT_STATUSES(MT_NAME)
#undef MT_NAME
};

uint8_t mt_source_find(struct mt_slice name)
{
    for (uint8_t source = 1; source < MT_SOURCE_COUNT; source++) {
        if (mt_slice_eq(name, mt_slice_str(mt_source_names[source]))) {
            return source;
        }
    }
    return MT_SOURCE_NONE;
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

/* What the tag of a line tells. */
struct origin {
    uint8_t source; /* MT_SOURCE_NONE: no known one */
    uint8_t role;
    struct mt_slice service, instance;
};

static inline const struct mt_source_program *find_program(const struct mt_source_program *programs,
                                                           struct mt_slice name)
{
    for (; programs->name.n; programs++) {
        if (programs->name.n == name.n && mt_word_eq(name, programs->name)) {
            return programs;
        }
    }
    return NULL;
}

/* What stands before the first slash. */
static struct mt_slice before_slash(struct mt_slice program)
{
    return mt_slice_to(program.p, mt_find(program, '/'));
}

/* The INSTANCE of a tag with a slash: none when a program's own name stands before it. */
static inline struct mt_slice instance_of(const struct mt_source_program *programs, struct mt_slice program)
{
    for (; programs->name.n; programs++) {
        size_t n = programs->name.n;
        if (program.n > n && program.p[n] == '/' && mt_word_starts(program, programs->name)) {
            return mt_slice(NULL, 0);
        }
    }
    return before_slash(program);
}

/* A tag without a slash, or one whose source has no daemons. */
static inline void find_named(struct origin *found, struct mt_slice first, bool slash)
{
    for (uint32_t left = sources_like(first); left; left &= left - 1) {
        const uint8_t i = (uint8_t)__builtin_ctz(left);
        const struct mt_source_program *program = find_program(mt_sources[i]->programs, first);
        if (program && !(slash && mt_sources[i]->daemons && found->service.n)) {
            found->source = i;
            found->role = program->role;
            return;
        }
    }
}

/* Behind the last slash stands a daemon's name: what is before the first one is the instance. */
static inline bool find_daemon(struct origin *found, struct mt_slice program)
{
    for (uint8_t i = 1; i < MT_SOURCE_COUNT; i++) {
        const struct mt_source_program *daemon =
            mt_sources[i]->daemons ? find_program(mt_sources[i]->daemons, found->service) : NULL;
        if (daemon) {
            found->source = i;
            found->role = daemon->role;
            found->instance = instance_of(mt_sources[i]->programs, program);
            return true;
        }
    }
    return false;
}

static __attribute__((noinline)) struct origin find_any_origin(const struct mt_line *line)
{
    const char *open =
        line->program.n && line->program.p[line->program.n - 1] == ']' ? mt_find(line->program, '[') : NULL;
    const struct mt_slice program = open ? mt_slice_to(line->program.p, open) : line->program;
    const char *slash = after_slash(program);
    struct origin found = {.service = program};

    if (slash) {
        found.service = mt_slice_to(slash, program.p + program.n);
    }
    if (!slash || !find_daemon(&found, program)) {
        find_named(&found, slash ? before_slash(program) : program, slash != NULL);
    }
    if (line->source) { /* the adapter knows better */
        found.source = line->source;
        found.instance = mt_slice(NULL, 0);
    }
    return found;
}

/* The tag of most lines, and the cheapest to tell. */
#define COMMON_TAG    "postfix/"
#define COMMON_SOURCE MT_SOURCE_postfix

static inline struct origin find_origin(const struct mt_line *line)
{
    const struct mt_slice program = line->program;

    if (!line->source && mt_slice_starts(program, MT_LIT(COMMON_TAG))) {
        const struct mt_slice service = mt_slice_to(after_slash(program), program.p + program.n);
        const struct mt_source_program *daemon = find_program(mt_source_postfix.daemons, service);
        if (daemon) {
            return (struct origin){COMMON_SOURCE, daemon->role, service, {NULL, 0}};
        }
    }
    return find_any_origin(line);
}

bool mt_is_foreign(const struct mt_line *line)
{
    return !find_origin(line).source;
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

/* What a collector puts behind a line, and no server does: blanks, and line feeds and the like that a syslog daemon has escaped. */
static __attribute__((noinline)) struct mt_slice without_padding(struct mt_slice s)
{
    static const struct mt_slice escaped[] = {{"#012", 4}, {"#015", 4}, {"#011", 4}};
    const size_t whole = s.n;
    size_t n;

    do {
        n = s.n;
        while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' || s.p[s.n - 1] == '\r')) {
            s.n--;
        }
        for (size_t i = 0; i < sizeof escaped / sizeof *escaped; i++) {
            s.n -= mt_slice_ends(s, escaped[i]) ? escaped[i].n : 0;
        }
    } while (s.n != n);
    s.n += s.n && s.n < whole && s.p[s.n - 1] == ':' && s.p[s.n] == ' '; /* "warning: ", and no more */
    return s;
}

/* Whether a text may end so. */
static inline bool may_be_padded(struct mt_slice s)
{
    return s.n >= 4 && ((unsigned char)s.p[s.n - 1] <= ' ' || s.p[s.n - 4] == '#');
}

/* Some programs have the name of another's, and one log can have lines of both: tcpserver's stand under the name that was given to
 * splogger, which is often that of a server. What the first source does not know, the next one that has the name may.
 */
static __attribute__((noinline)) bool read_namesake(struct mt_record *rec, const struct mt_line *line)
{
    const uint8_t first = rec->source;

    for (uint32_t left = line->source ? 0 : sources_like(line->program); left; left &= left - 1) {
        const uint8_t i = (uint8_t)__builtin_ctz(left);
        if (i == first || !find_program(mt_sources[i]->programs, line->program)) {
            continue;
        }
        rec->source = i;
        mt_fields_clear(&rec->f);
        if (mt_sources[i]->read(rec)) {
            return true;
        }
    }
    rec->source = first;
    return false;
}

/* A server cuts a long line anywhere: what a piece ends with is its own, and no padding. */
static __attribute__((noinline)) bool read_padded_piece(struct mt_record *rec, struct mt_slice whole)
{
    const char *end = rec->line.text.p + rec->line.text.n;

    if (rec->repeated || rec->piece.text.p + rec->piece.text.n != end || end >= whole.p + whole.n) {
        return true;
    }
    rec->line.text = whole;
    return mt_sources[rec->source]->read(rec);
}

enum mt_verdict mt_parse(const struct mt_line *line, struct mt_record *rec)
{
    const struct origin origin = find_origin(line);

    if (!origin.source) {
        return MT_FOREIGN;
    }
    rec->line = *line;
    rec->source = origin.source;
    rec->role = origin.role;
    rec->service = origin.service;
    rec->kind = MT_KIND_NONE;
    rec->status = MT_STATUS_NONE;
    rec->effect = MT_EFFECT_NONE;
    rec->trouble = MT_TROUBLE_NONE;
    rec->session = mt_slice(NULL, 0);
    rec->list = rec->more = rec->repeated = rec->postmaster = false;
    rec->alias.text.n = 0;
    rec->verdicts.n = rec->verdicts.nsymbols = rec->verdicts.omitted = rec->verdicts.unsure = 0;
    mt_fields_clear(&rec->f);
    mt_set(&rec->f, MT_F_INSTANCE, origin.instance);
    if (may_be_padded(line->text)) {
        rec->line.text = without_padding(line->text);
    }
    if (line->text.n && *line->text.p == 'm') {
        unwrap(rec);
    }
    if (rec->line.text.n && /* an empty text has no form, and need not be anywhere */
        (mt_sources[origin.source]->read(rec) || read_namesake(rec, line)) &&
        (rec->kind != MT_KIND_PART || read_padded_piece(rec, line->text))) {
        rec->effect = rec->effect ? rec->effect : mt_kind_effects[rec->kind];
        return MT_RECOGNISED;
    }
    rec->kind = MT_KIND_NONE;
    rec->alias.text.n = 0;
    rec->f.have[0] &= (uint64_t)1 << MT_F_INSTANCE;
    rec->f.have[1] = 0;
    return mt_sources[rec->source]->is_mta ? MT_UNRECOGNISED : MT_FOREIGN;
}

/* The next address of sendmail's to= list: parser/sendmail. */
bool mt_sendmail_recipient_next(struct mt_slice *rest, struct mt_slice *address);

bool mt_recipient_next(bool list, struct mt_slice *rest, struct mt_slice *address)
{
    if (list) {
        return mt_sendmail_recipient_next(rest, address);
    }
    *address = *rest;
    *rest = mt_slice(NULL, 0);
    return address->n != 0;
}
