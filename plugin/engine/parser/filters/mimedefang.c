/* MIMEDefang (3.3 to 3.6): the lines of md_graphdefang_log(), which the site's filter calls.
 *
 *     3BAF4B70A0A: MDLOG,3BAF4B70A0A,spam,15.3,192.0.2.1,<a@example.net>,<b@example.org>,subject
 *     3BAF4B70A0A: MDLOG,3BAF4B70A0A,virus,Eicar-Signature,192.0.2.1,<a@example.net>,rcpts=3,subject
 *
 * (lib/Mail/MIMEDefang.pm.) There is a line for each recipient. '%', ',' and '\' of a field are "%25" and the like; where the filter
 * asks for UTF-8, not those of the event, its values and the subject. All that is read stands before the first field of a stranger's.
 * The events are the site's own, but "spam", "non-spam" and "virus" are those of the filter that comes with it.
 *
 * Thread rules: no state.
 */
#include "text.h"

#define BY MT_LIT("mimedefang")

static void add_spam(struct mt_record *rec, struct mt_slice event, struct mt_slice value)
{
    struct mt_filter_verdict *v = mt_verdict_add(&rec->verdicts, MT_VERDICT_SPAM, BY);
    int64_t score;

    if (v) {
        v->action = event;
        v->score_known = mt_filter_take_number(&value, &score) && !value.n;
        v->score = v->score_known ? score : 0;
    }
}

static void add_virus(struct mt_record *rec, struct mt_slice name)
{
    struct mt_filter_verdict *v = name.n ? mt_verdict_add(&rec->verdicts, MT_VERDICT_VIRUS, BY) : NULL;

    if (v) {
        v->name = name;
    }
}

/* 3BAF4B70A0A,spam,15.3,192.0.2.1,<a@example.net>,... */
static bool read_event(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice rest)
{
    struct mt_slice id, event, value, other;

    if (!mt_take_to(&rest, MT_LIT(","), &id) || !mt_filter_is_id(id) || !mt_take_to(&rest, MT_LIT(","), &event) ||
        !mt_take_to(&rest, MT_LIT(","), &value) || !mt_take_to(&rest, MT_LIT(","), &other)) {
        return false;
    }
    if (!mt_slice_eq(id, MT_LIT("NOQUEUE"))) {
        mt_set(&rec->f, MT_F_QUEUE_ID, id);
    }
    rec->kind = MT_KIND_FILTER;
    if (mt_slice_eq(event, MT_LIT("spam")) || mt_slice_eq(event, MT_LIT("non-spam"))) {
        add_spam(rec, event, value);
    } else if (mt_slice_eq(event, MT_LIT("virus"))) {
        add_virus(rec, value);
    } else {
        return mt_form_plain(rec, form, text, rest);
    }
    return true;
}

/* mimedefang.pl; mimedefang.c, which writes the queue ID before its texts as well */
static const struct mt_form forms[] = {
    MT_FORM("MDLOG,", read_event, INFO),
    MT_FORM("Bouncing because filter instructed us to", mt_form_plain, INFO),
    MT_FORM("Discarding because filter instructed us to", mt_form_plain, INFO),
    MT_FORM("Tempfailing because filter instructed us to", mt_form_plain, INFO),
    MT_FORM("Filter time is ", mt_form_plain, INFO),
    MT_FORM("Error from multiplexor: ", mt_form_plain, ERROR),
    MT_FORM("Filter failed.", mt_form_plain, ERROR),
};

static bool read_line(struct mt_record *rec)
{
    struct mt_slice text = rec->line.text;

    if (!mt_slice_starts(text, MT_LIT("MDLOG,"))) {
        mt_filter_take_job(rec, &text);
    }
    return mt_form_read(rec, forms, sizeof forms / sizeof *forms, text, false);
}

static const struct mt_source_program programs[] = {
    {MT_TEXT("mimedefang.pl"), MT_ROLE_OTHER},
    {MT_TEXT("mimedefang"), MT_ROLE_OTHER},
    {{NULL, 0}, MT_ROLE_OTHER},
};

extern const struct mt_source mt_source_mimedefang;
const struct mt_source mt_source_mimedefang = {
    .programs = programs,
    .read = read_line,
};
