/* The names in an image: see image.h.
 *
 * First come how many tables there are, and each: its name, how many names it has, and these in the order of their numbers.
 * Then the lists of members.h in the same way: a member's name is "WAY name". What is read from then on has the
 * numbers and the members of who wrote it. A table or list that is not known here is passed over.
 *
 * Version 1 has five tables without names, and its members in a fixed order: it is said here.
 */
#include <stdio.h>

#include "image.h"

#define LONGEST   64
#define TABLES_V1 5

/* --- tables --- */

static const char *const flag_names[] = {
#define FLAG_NAME(flag) #flag,
    MT_MESSAGE_FLAGS(FLAG_NAME)
#undef FLAG_NAME
};

static const char *const space_names[] = {
#define SPACE_NAME(id, name, one) name,
    MT_SPACES(SPACE_NAME)
#undef SPACE_NAME
};

/* The names of a table by number: NULL for those of fields. */
static const char *const *names_of(enum mt_image_table table, size_t *n)
{
#define COUNT(names) (*n = sizeof(names) / sizeof *(names), (names))
    switch (table) {
    case MT_TABLE_STATUSES:
        return COUNT(mt_status_names);
    case MT_TABLE_REASONS:
        return COUNT(mt_reason_names);
    case MT_TABLE_TROUBLES:
        return COUNT(mt_trouble_names);
    case MT_TABLE_SOURCES:
        return COUNT(mt_source_names);
    case MT_TABLE_ORIGINS:
        return COUNT(mt_origin_names);
    case MT_TABLE_EVENTS:
        return COUNT(mt_event_names);
    case MT_TABLE_FLAGS:
        return COUNT(flag_names);
    case MT_TABLE_SPACES:
        return COUNT(space_names);
    default:
        *n = MT_FIELD_COUNT;
        return NULL;
    }
#undef COUNT
}

/* A field's name with those of the objects that it stands in. Returns the length. */
static size_t name_of(enum mt_image_table table, size_t i, char out[LONGEST])
{
    const struct mt_field_info *field = &mt_field_info[i];
    size_t n;
    const char *const *names = names_of(table, &n);

    if (names) {
        return (size_t)snprintf(out, LONGEST, "%s", names[i] ? names[i] : "");
    }
    return (size_t)snprintf(out, LONGEST, "%s.%s.%s", mt_object_info[mt_object_info[field->object].parent].name,
                            mt_object_info[field->object].name, field->name);
}

static uint8_t number_of(enum mt_image_table table, struct mt_slice name)
{
    char ours[LONGEST];
    size_t n;

    names_of(table, &n);
    for (size_t i = 0; i < n; i++) {
        if (mt_slice_eq(name, mt_slice(ours, name_of(table, i, ours)))) {
            return (uint8_t)i;
        }
    }
    return MT_UNKNOWN;
}

static void load_table(struct mt_archive *a, struct mt_image_names *names, enum mt_image_table table)
{
    size_t n = (size_t)mt_archive_count(a, 0, 1);

    a->failed |= n > MT_UNKNOWN;
    for (size_t i = 0; i < n && !a->failed; i++) {
        struct mt_slice name = mt_archive_slice(a, mt_slice(NULL, 0));
        if (table < MT_TABLE_COUNT) {
            names->map[table][i] = number_of(table, name);
        }
    }
}

static void save_table(struct mt_archive *a, enum mt_image_table table)
{
    char name[LONGEST];
    size_t n;

    names_of(table, &n);
    mt_archive_count(a, n, 1);
    for (size_t i = 0; i < n; i++) {
        mt_archive_slice(a, mt_slice(name, name_of(table, i, name)));
    }
}

static const char *const table_names[MT_TABLE_COUNT] = {
#define TABLE_NAME(table) [MT_TABLE_##table] = #table,
    MT_IMAGE_TABLES(TABLE_NAME)
#undef TABLE_NAME
};

/* --- lists of members --- */

#define MEMBER(place, way, member, name) {name, MT_WAY_##way, offsetof(STRUCT, member), sizeof(((STRUCT *)0)->member)},
#define WHOLE(place, way, name)          {name, MT_WAY_##way, 0, 0},

#define STRUCT struct mt_message
static const struct mt_member message_members[] = {MT_MESSAGE_MEMBERS(MEMBER, WHOLE)};
#undef STRUCT
#define STRUCT struct mt_rcpt
static const struct mt_member rcpt_members[] = {MT_RCPT_MEMBERS(MEMBER, WHOLE)};
static const struct mt_member result_members[] = {MT_RESULT_MEMBERS(MEMBER, WHOLE)};
#undef STRUCT
#define STRUCT struct mt_session
static const struct mt_member session_members[] = {MT_SESSION_MEMBERS(MEMBER, WHOLE)};
#undef STRUCT
#define STRUCT struct mt_peer
static const struct mt_member peer_members[] = {MT_PEER_MEMBERS(MEMBER, WHOLE)};
#undef STRUCT
#define STRUCT struct mt_queued_event
static const struct mt_member event_members[] = {MT_QUEUED_EVENT_MEMBERS(MEMBER, WHOLE)};
#undef STRUCT
#define STRUCT struct mt_waiting_line
static const struct mt_member waiting_members[] = {MT_WAITING_LINE_MEMBERS(MEMBER, WHOLE)};
#undef STRUCT
#define STRUCT struct mt_line
static const struct mt_member piece_members[] = {MT_PIECE_MEMBERS(MEMBER, WHOLE)};
#undef STRUCT
#define STRUCT struct mt_host
static const struct mt_member clock_members[] = {MT_CLOCK_MEMBERS(MEMBER, WHOLE)};
#undef STRUCT

#define STRUCT struct mt_image_alias
static const struct mt_member alias_members[] = {MT_ALIAS_MEMBERS(MEMBER, WHOLE)};
#undef STRUCT

#define ROWS(members)                                   \
    {                                                   \
        (members), sizeof(members) / sizeof(members)[0] \
    }

static const struct {
    const struct mt_member *v;
    size_t n;
} lists[MT_LIST_COUNT] = {
    [MT_LIST_MESSAGE] = ROWS(message_members),
    [MT_LIST_RCPT] = ROWS(rcpt_members),
    [MT_LIST_RESULT] = ROWS(result_members),
    [MT_LIST_SESSION] = ROWS(session_members),
    [MT_LIST_PEER] = ROWS(peer_members),
    [MT_LIST_QUEUED_EVENT] = ROWS(event_members),
    [MT_LIST_WAITING_LINE] = ROWS(waiting_members),
    [MT_LIST_PIECE] = ROWS(piece_members),
    [MT_LIST_CLOCK] = ROWS(clock_members),
    [MT_LIST_ALIAS] = ROWS(alias_members),
};

const struct mt_member *mt_image_members(enum mt_member_list list, size_t *n)
{
    *n = lists[list].n;
    return lists[list].v;
}

static const char *const way_names[MT_WAY_COUNT] = {
#define WAY_NAME(way) [MT_WAY_##way] = #way,
    MT_WAYS(WAY_NAME)
#undef WAY_NAME
};

static size_t description_of(const struct mt_member *member, char out[LONGEST])
{
    return (size_t)snprintf(out, LONGEST, "%s %s", way_names[member->way], member->name);
}

/* The way that a description begins with; MT_WAY_COUNT: none that is known. */
static uint8_t way_in(struct mt_slice description)
{
    uint8_t way = 0;

    for (; way < MT_WAY_COUNT; way++) {
        size_t n = strlen(way_names[way]);
        if (description.n > n && memcmp(description.p, way_names[way], n) == 0 && description.p[n] == ' ') {
            break;
        }
    }
    return way;
}

/* The place of a member in a list here, or MT_UNKNOWN. */
static uint8_t place_of(enum mt_member_list list, struct mt_slice description)
{
    char ours[LONGEST];

    for (size_t i = 0; i < lists[list].n; i++) {
        if (mt_slice_eq(description, mt_slice(ours, description_of(&lists[list].v[i], ours)))) {
            return (uint8_t)i;
        }
    }
    return MT_UNKNOWN;
}

/* One more member that is there. False when it is there twice, or cannot even be skipped. */
static bool take_member(struct mt_image_names *names, enum mt_member_list list, struct mt_slice description)
{
    size_t at = names->lists[list].n++;
    uint8_t way = way_in(description), here = place_of(list, description);

    for (size_t i = 0; i < at; i++) {
        if (here != MT_UNKNOWN && names->lists[list].v[i].here == here) {
            return false;
        }
    }
    names->lists[list].v[at].here = here;
    names->lists[list].v[at].way = way;
    return way < MT_WAY_COUNT;
}

static void load_list(struct mt_archive *a, struct mt_image_names *names, enum mt_member_list list)
{
    size_t n = (size_t)mt_archive_count(a, 0, 1);

    a->failed |= n > MT_MEMBERS_MAX || (list < MT_LIST_COUNT && names->lists[list].n);
    for (size_t i = 0; i < n && !a->failed; i++) {
        struct mt_slice description = mt_archive_slice(a, mt_slice(NULL, 0));
        a->failed |= list < MT_LIST_COUNT && !take_member(names, list, description);
    }
}

static void save_list(struct mt_archive *a, enum mt_member_list list)
{
    char text[LONGEST];

    mt_archive_count(a, lists[list].n, 1);
    for (size_t i = 0; i < lists[list].n; i++) {
        mt_archive_slice(a, mt_slice(text, description_of(&lists[list].v[i], text)));
    }
}

static const char *const list_names[MT_LIST_COUNT] = {
#define LIST_NAME(list, type) [MT_LIST_##list] = #list,
    MT_MEMBER_LISTS(LIST_NAME)
#undef LIST_NAME
};

/* --- version 1 --- */

/* Names of a table or list that it did not write down. */
struct names_v1 {
    unsigned which; /* enum mt_image_table or mt_member_list */
    const char *names[16];
};

static const struct names_v1 tables_v1[] = {
    {MT_TABLE_ORIGINS, {"", "network", "local", "bounce", "forward"}},
    {MT_TABLE_EVENTS, {"delivery", "message", "reject", "session"}},
    {MT_TABLE_FLAGS,
     {"begun", "queued", "refused", "aliased", "cut", "noticed", "deleted", "rejected", "discarded", "canceled"}},
};

static const struct names_v1 lists_v1[] = {
    {MT_LIST_MESSAGE,
     {"KEY hash", "NUMBER state", "SOURCE mta", "KEPT kept", "HASHES seen", "TIME first", "USEC last", "USEC end",
      "REASON reason", "NUMBER lines", "NUMBER version", "ORIGIN origin", "FLAGS flags", "OWN_SESSION session",
      "RECIPIENTS recipients"}},
    {MT_LIST_RCPT, {"NUMBER attempts", "STATUS status"}},
    {MT_LIST_RESULT, {"KEPT kept", "USEC delay", "TIME_IN_PARTS time"}},
    {MT_LIST_SESSION,
     {"KEY hash", "KEPT kept", "TIME last", "USEC first", "USEC closed", "NUMBER number", "NUMBER pid", "SOURCE mta",
      "TROUBLE reason", "BOOL connected", "BOOL lost", "BOOL told", "PEERS peers"}},
    {MT_LIST_PEER, {"OWNED queue_id", "KEPT kept"}},
    {MT_LIST_QUEUED_EVENT,
     {"USEC due", "EVENT kind", "NUMBER version", "NUMBER attempt", "NUMBER recipient", "NUMBER ordinal",
      "MESSAGE message", "SESSION session", "LINE line"}},
    {MT_LIST_WAITING_LINE,
     {"SESSION session", "PEER peer", "TIME time", "NUMBER order", "NUMBER pid", "SOURCE mta", "BOOL cut",
      "BOOL repeated", "SLICE program", "SLICE text"}},
    {MT_LIST_PIECE,
     {"SLICE host", "TIME time", "NUMBER order", "NUMBER pid", "SOURCE mta", "SLICE program", "SLICE text"}},
    {MT_LIST_CLOCK,
     {"USEC newest", "USEC clock", "USEC taken", "USEC wall", "NUMBER ahead", "NUMBER behind", "NUMBER nsamples",
      "SAMPLES samples"}},
};

static void set_names_v1(struct mt_image_names *names)
{
    for (size_t i = 0; i < sizeof tables_v1 / sizeof *tables_v1; i++) {
        for (size_t k = 0; tables_v1[i].names[k]; k++) {
            names->map[tables_v1[i].which][k] = number_of(tables_v1[i].which, mt_slice_str(tables_v1[i].names[k]));
        }
    }
    for (size_t i = 0; i < sizeof lists_v1 / sizeof *lists_v1; i++) {
        for (size_t k = 0; lists_v1[i].names[k]; k++) {
            take_member(names, lists_v1[i].which, mt_slice_str(lists_v1[i].names[k]));
        }
    }
}

static void load_names_v1(struct mt_archive *a, struct mt_image_names *names)
{
    for (unsigned table = 0; table < TABLES_V1; table++) {
        load_table(a, names, table);
    }
    set_names_v1(names);
}

/* --- all of them --- */

/* The place of a name among n; n: it is none of them. */
static unsigned place_among(const char *const names[], unsigned n, struct mt_slice name)
{
    unsigned i = 0;

    while (i < n && !mt_slice_eq(name, mt_slice_str(names[i]))) {
        i++;
    }
    return i;
}

static void load_names(struct mt_archive *a, struct mt_image_names *names)
{
    const struct mt_slice none = {NULL, 0};

    for (uint64_t n = mt_archive_count(a, 0, 2); n && !a->failed; n--) {
        load_table(a, names, place_among(table_names, MT_TABLE_COUNT, mt_archive_slice(a, none)));
    }
    for (uint64_t n = mt_archive_count(a, 0, 2); n && !a->failed; n--) {
        load_list(a, names, place_among(list_names, MT_LIST_COUNT, mt_archive_slice(a, none)));
    }
}

static void save_names(struct mt_archive *a)
{
    mt_archive_count(a, MT_TABLE_COUNT, 2);
    for (unsigned table = 0; table < MT_TABLE_COUNT; table++) {
        mt_archive_slice(a, mt_slice_str(table_names[table]));
        save_table(a, table);
    }
    mt_archive_count(a, MT_LIST_COUNT, 2);
    for (unsigned list = 0; list < MT_LIST_COUNT; list++) {
        mt_archive_slice(a, mt_slice_str(list_names[list]));
        save_list(a, list);
    }
}

void mt_image_walk_names(struct mt_archive *a, struct mt_image_names *names, uint32_t version)
{
    if (!a->loading) {
        save_names(a);
        return;
    }
    memset(names, 0, sizeof *names);
    memset(names->map, MT_UNKNOWN, sizeof names->map);
    if (version == 1) {
        load_names_v1(a, names);
    } else {
        load_names(a, names);
    }
}
