/* The protocols of "with". */
#include "text.h"

/* IANA, MAIL Parameters, "Mail Transmission Types": RFC 5321, 3848, 6531, 4954; and
 * what is written without being there: Google's SMTPS, Exim's smtps, asmtp and local, HTTP of web mail.
 */
static const struct row {
    struct mt_slice name;
    bool tls, auth, utf8;
} rows[] = {
#define ROW(name, tls, auth, utf8)                        \
    {                                                     \
        {(name), sizeof(name) - 1}, (tls), (auth), (utf8) \
    }
    ROW("smtp", false, false, false),
    ROW("esmtp", false, false, false),
    ROW("esmtpa", false, true, false),
    ROW("esmtps", true, false, false),
    ROW("esmtpsa", true, true, false),
    ROW("lmtp", false, false, false),
    ROW("lmtpa", false, true, false),
    ROW("lmtps", true, false, false),
    ROW("lmtpsa", true, true, false),
    ROW("utf8smtp", false, false, true),
    ROW("utf8smtpa", false, true, true),
    ROW("utf8smtps", true, false, true),
    ROW("utf8smtpsa", true, true, true),
    ROW("utf8lmtp", false, false, true),
    ROW("utf8lmtpa", false, true, true),
    ROW("utf8lmtps", true, false, true),
    ROW("utf8lmtpsa", true, true, true),
    ROW("mms", false, false, false),
    /* not registered */
    ROW("smtps", true, false, false),
    ROW("asmtp", false, true, false),
    ROW("http", false, false, false),
    ROW("https", true, false, false),
    ROW("local", false, false, false),
    ROW("local-esmtp", false, false, false),
#undef ROW
};

bool mt_hop_protocol(struct mt_slice with, bool *tls, bool *auth, bool *utf8)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (mt_eq_folded(with, rows[i].name)) {
            *tls = rows[i].tls;
            *auth = rows[i].auth;
            *utf8 = rows[i].utf8;
            return true;
        }
    }
    return false;
}
