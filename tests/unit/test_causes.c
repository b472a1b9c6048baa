/* Why mail was not taken: replies as servers and providers write them, and the rows that a user adds. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "causes/table.h"
#include "suites.h"

static void set(struct mt_fields *f, const char *dsn, int code, const char *text)
{
    mt_fields_clear(f);
    mt_set(f, MT_F_DSN, mt_slice_str(dsn));
    mt_set(f, MT_F_RESPONSE, mt_slice_str(text));
    if (code) {
        mt_set_int(f, MT_F_REPLY_CODE, code);
    }
}

static struct mt_causes *built_in(void)
{
    char why[400];
    struct mt_causes *causes = mt_causes_new(NULL, why, sizeof why);

    ck_assert_msg(causes, "%s", why);
    return causes;
}

static const struct {
    const char *dsn;
    int code;
    const char *text, *cause, *list;
} replies[] = {
    /* Gmail */
    {"5.1.1", 550, "550-5.1.1 The email account that you tried to reach does not exist. Please try", "unknown-user",
     ""},
    {"4.2.2", 452, "452-4.2.2 The recipient's inbox is out of storage space and inactive.", "mailbox-full", ""},
    {"5.2.1", 550, "550 5.2.1 The email account that you tried to reach is disabled.", "mailbox-disabled", ""},
    {"4.2.1", 450, "450-4.2.1 The user you are trying to contact is receiving mail too quickly.", "rate-limited", ""},
    {"5.2.1", 550, "550-5.2.1 The user you are trying to contact is receiving mail at a rate that", "rate-limited", ""},
    {"4.7.28", 421, "421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating", "rate-limited",
     ""},
    {"5.7.1", 550, "550-5.7.1 Our system has detected that this message is likely unsolicited mail.", "spam", ""},
    {"5.7.26", 550, "550-5.7.26 Your email has been blocked because the sender is unauthenticated.", "sender-auth", ""},
    {"5.7.25", 550, "550-5.7.25 The IP address sending this message does not have a PTR record", "policy", ""},
    {"5.3.4", 552, "552-5.3.4 Your message exceeded Google's message size limits.", "size", ""},
    /* Outlook, Exchange */
    {"5.5.0", 550, "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).", "policy", ""},
    {"5.7.1", 550,
     "550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your Internet service "
     "provider since part of their network is on our block list (S3150).",
     "blocklisted", ""},
    {"5.7.606", 550, "550 5.7.606 Access denied, banned sending IP [192.0.2.1].", "blocklisted", ""},
    {"4.7.650", 451, "451 4.7.650 The mail server [192.0.2.1] has been temporarily rate limited", "rate-limited", ""},
    {"5.4.1", 550, "550 5.4.1 Recipient address rejected: Access denied. [x.prod.protection.example]", "unknown-user",
     ""},
    {"5.1.10", 550, "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
     "unknown-user", ""},
    {"5.7.64", 550, "550 5.7.64 TenantAttribution; Relay Access Denied", "relay-denied", ""},
    {"5.7.57", 530, "530 5.7.57 Client not authenticated to send mail.", "auth", ""},
    {"5.7.509", 550, "550 5.7.509 Access denied, sending domain example.com does not pass DMARC verification",
     "sender-auth", ""},
    {"4.3.2", 432, "432 4.3.2 STOREDRV.Deliver; Recipient thread limit exceeded", "local", ""},
    /* Yahoo */
    {"4.7.0", 421, "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user",
     "rate-limited", ""},
    {"5.7.9", 554, "554 5.7.9 Message not accepted for policy reasons.", "policy", ""},
    {"5.0.0", 554, "554 delivery error: dd This user doesn't have a yahoo.com account (a@yahoo.com) [0]",
     "unknown-user", ""},
    {"5.0.0", 552, "552 1 Requested mail action aborted, mailbox not found", "unknown-user", ""},
    /* blocklists */
    {"5.7.1", 554,
     "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org; "
     "https://www.spamhaus.org/query/ip/192.0.2.1",
     "blocklisted", "zen.spamhaus.org"},
    {"5.7.1", 550,
     "550 5.7.1 Service unavailable, Client host [192.0.2.1] blocked using Spamhaus. To request removal "
     "from this list see https://www.spamhaus.org/query/ip/192.0.2.1",
     "blocklisted", "spamhaus.org"},
    {"", 550, "550 rejected because 192.0.2.1 is in a black list at b.barracudacentral.org", "blocklisted",
     "b.barracudacentral.org"},
    {"5.7.1", 550, "550 5.7.1 Rejected: 192.0.2.1 listed at bl.spamcop.net", "blocklisted", "bl.spamcop.net"},
    {"", 550, "550 Dynamic IP 192.0.2.1 found in dnsbl dul.example.org", "blocklisted", "dul.example.org"},
    {"", 550, "550 http://www.barracudacentral.org/reputation?pr=1&ip=192.0.2.1", "blocklisted",
     "barracudacentral.org"},
    {"5.7.1", 550, "550 5.7.1 blocked using our own list", "policy", ""},
    /* gateways */
    {"5.7.0", 554, "554 5.7.0 Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.1", "blocklisted", ""},
    {"", 550, "550 Rejected by header based Anti-Spoofing policy: a - https://community.mimecast.com/docs/DOC-1369#550",
     "sender-auth", ""},
    {"", 451, "451 IP temporarily greylisted - https://community.mimecast.com/docs/DOC-1369#451", "greylisted", ""},
    {"5.7.0", 554, "554 5.7.0 Reject, id=12345-06 - spam", "spam", ""},
    {"5.7.0", 554, "554 5.7.0 Reject, id=12345-06 - INFECTED: Eicar-Test-Signature", "virus", ""},
    {"5.7.1", 550, "550 5.7.1 virus Eicar-Signature detected by ClamAV - http://www.clamav.net", "virus", ""},
    /* the servers' own */
    {"4.4.1", 0, "connect to mx.full.example[192.0.2.7]:25: Connection timed out", "connection-timeout", ""},
    {"4.4.1", 0, "connect to spam.virus.example[192.0.2.7]:25: Connection refused", "connection-refused", ""},
    {"4.4.2", 0, "conversation with mx.example[192.0.2.7] timed out while receiving the initial server greeting",
     "connection-timeout", ""},
    {"4.4.2", 0, "lost connection with mx.example[192.0.2.7] while receiving the initial server greeting",
     "connection-lost", ""},
    {"4.4.1", 0, "delivery temporarily suspended: connect to mx.example[192.0.2.7]:25: Connection refused",
     "connection-refused", ""},
    {"4.4.3", 0,
     "Host or domain name not found. Name service error for name=a.example type=MX: Host not found, try again", "dns",
     ""},
    {"5.4.4", 0, "Host or domain name not found. Name service error for name=a.example type=A: Host not found",
     "unknown-domain", ""},
    {"5.4.6", 0, "mail for mx.example loops back to myself", "loop", ""},
    {"5.2.2", 0, "maildir delivery failed: Disk quota exceeded", "mailbox-full", ""},
    {"4.3.0", 0, "mail transport unavailable", "local", ""},
    {"4.3.0", 0, "unknown mail transport error", "local", ""},
    {"4.7.5", 0, "Server certificate not trusted", "tls", ""},
    {"4.7.4", 0, "TLS is required, but was not offered by host mx.example[192.0.2.7]", "tls", ""},
    {"4.7.1", 450, "450 4.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.1]", "policy", ""},
    {"4.7.1", 450, "450 4.7.1 <a>: Helo command rejected: Host not found", "unknown-domain", ""},
    {"4.1.8", 450, "450 4.1.8 <a@b.example>: Sender address rejected: Domain not found", "sender-rejected", ""},
    {"4.1.1", 450, "450 4.1.1 <a@b.example>: Recipient address rejected: unverified address: Address lookup failed",
     "unknown-user", ""},
    {"4.2.0", 450, "450 4.2.0 <a@b.example>: Recipient address rejected: Greylisted, see http://postgrey.example",
     "greylisted", ""},
    {"4.0.0", 0, "Deferred: Operation timed out with mx.example.", "connection-timeout", ""},
    {"", 0, "retry timeout exceeded", "suspended", ""},
    {"", 0, "H=mx.example [192.0.2.7]: Connection timed out: retry timeout exceeded", "connection-timeout", ""},
    {"", 0, "all relevant MX records point to non-existent hosts", "unknown-domain", ""},
    {"", 0, "Unrouteable address", "unknown-user", ""},
    {"", 0, "Sender verify failed", "sender-rejected", ""},
    {"", 0, "SMTP error from remote mail server after RCPT TO:<spam@virus.example>: 550 unknown user", "unknown-user",
     ""},
    {"", 0, "Sorry,_I_couldn't_find_any_host_named_a.example._(#5.1.2)/", "unknown-domain", ""},
    {"", 0, "192.0.2.1_does_not_like_recipient./Remote_host_said:_550_sorry,_no_mailbox_here_by_that_name/",
     "unknown-user", ""},
    {"", 550, "550 User <a@b.example> unknown", "unknown-user", ""},
    {"5.1.0", 0, "Domain a.example does not accept mail (nullMX)", "unknown-domain", ""},
    {"", 535, "535 Error: what?", "auth", ""},
    /* What nobody knows. A code of success tells nothing. */
    {"", 0, "", "other", ""},
    {"", 550, "550 no", "other", ""},
    {"2.1.1", 0, "nothing", "other", ""},
    {"5.1.1000", 0, "nothing", "other", ""},
};

START_TEST(test_replies_tell_their_cause)
{
    struct mt_causes *causes = built_in();

    for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
        struct mt_fields f;
        struct mt_slice cause, list;
        set(&f, replies[i].dsn, replies[i].code, replies[i].text);
        mt_causes_find(causes, &f);
        cause = mt_get(&f, MT_F_CAUSE);
        list = mt_get(&f, MT_F_BLOCKLIST);
        ck_assert_msg(mt_slice_eq(cause, mt_slice_str(replies[i].cause)), "%s: %.*s, not %s", replies[i].text,
                      (int)cause.n, cause.p, replies[i].cause);
        ck_assert_msg(mt_slice_eq(list, mt_slice_str(replies[i].list)), "%s: %.*s, not %s", replies[i].text,
                      (int)list.n, list.n ? list.p : "", replies[i].list);
    }
    mt_causes_drop(causes);
}
END_TEST

START_TEST(test_the_word_of_what_was_done_tells_where_nothing_else_does)
{
    struct mt_causes *causes = built_in();
    struct mt_fields f;

    set(&f, "", 0, "odd helo seen");
    mt_set(&f, MT_F_ACTION, MT_LIT("greylist"));
    mt_causes_find(causes, &f);
    ck_assert(mt_slice_eq(mt_get(&f, MT_F_CAUSE), MT_LIT("policy"))); /* "helo" says more */
    set(&f, "", 0, "");
    mt_set(&f, MT_F_ACTION, MT_LIT("greylist"));
    mt_causes_find(causes, &f);
    ck_assert(mt_slice_eq(mt_get(&f, MT_F_CAUSE), MT_LIT("greylisted")));
    set(&f, "", 0, "");
    mt_set(&f, MT_F_STAGE, MT_LIT("AUTH"));
    mt_causes_find(causes, &f);
    ck_assert(mt_slice_eq(mt_get(&f, MT_F_CAUSE), MT_LIT("auth")));
    mt_causes_drop(causes);
}
END_TEST

/* What a stranger may put into an address tells nothing, nor does what looks like the beginning of one. */
START_TEST(test_addresses_are_not_looked_at)
{
    static const char *const texts[] = {"<user unknown@x>",         "over <user unknown> quota-",
                                        "user.unknown@example.com", "user-unknown@example.com",
                                        "user=unknown@x",           "mailbox.full@x virus@x"};
    struct mt_cause_word words[8];

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t n = mt_cause_words_read(mt_slice_str(texts[i]), words, 8);
        ck_assert_msg(n == (i == 1 ? 2u : 0u), "%s: %zu", texts[i], n);
    }
    ck_assert_uint_eq(mt_cause_words_read(MT_LIT("<user <unknown"), words, 8), 2);
}
END_TEST

/* --- rows of a user's --- */

static struct mt_causes *read_rows(const char *text, char why[400])
{
    char path[] = "/tmp/mailtrace-causes-XXXXXX";
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "w");
    struct mt_causes *causes;

    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
    causes = mt_causes_new(path, why, 400);
    if (!causes) { /* without the file's name */
        ck_assert_msg(!strncmp(why, path, strlen(path)), "%s", why);
        memmove(why, why + strlen(path), strlen(why + strlen(path)) + 1);
    }
    unlink(path);
    return causes;
}

START_TEST(test_rows_of_a_file_are_asked_before_those_built_in)
{
    char why[400];
    struct mt_causes *causes = read_rows("# ours\r\n\n"
                                         "policy  text  Account * DISABLED by finance\r\n"
                                         "local\tdsn\t5.1.1-2  \n"
                                         "spam text a * b * c\n"
                                         "blocklisted list held by\n"
                                         "blocklisted domain bl.our.example\n"
                                         "dns reply 599\n"
                                         "tls action odd",
                                         why);
    static const struct {
        const char *dsn;
        int code;
        const char *text, *cause, *list;
    } rows[] = {
        {"", 0, "account of Bob is disabled, by our finance", "mailbox-disabled", ""},
        {"", 0, "account of Bob: Disabled by Finance", "policy", ""},
        {"5.1.1", 0, "user unknown", "local", ""},
        {"4.1.1", 0, "anything", "unknown-user", ""},
        {"", 0, "a x y b b z c", "spam", ""},
        {"", 0, "a b c", "spam", ""},
        {"", 0, "a c b", "other", ""},
        {"", 0, "held by one.two.example, for good", "blocklisted", "one.two.example"},
        {"", 0, "held by 192.0.2.1", "other", ""},
        {"", 0, "held by them", "other", ""},
        {"", 0, "see http://x.bl.our.example/q", "blocklisted", "bl.our.example"},
        {"", 0, "listed: x.BL.our.example.", "blocklisted", "x.BL.our.example"},
        {"", 0, "see xbl.our.example", "other", ""},
        {"", 0, "see bl.our.example.com", "other", ""},
        {"", 599, "599 what", "dns", ""},
    };

    ck_assert_msg(causes, "%s", why);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct mt_fields f;
        struct mt_slice cause, list;
        set(&f, rows[i].dsn, rows[i].code, rows[i].text);
        mt_causes_find(causes, &f);
        cause = mt_get(&f, MT_F_CAUSE);
        list = mt_get(&f, MT_F_BLOCKLIST);
        ck_assert_msg(mt_slice_eq(cause, mt_slice_str(rows[i].cause)), "%s: %.*s", rows[i].text, (int)cause.n, cause.p);
        ck_assert_msg(mt_slice_eq(list, mt_slice_str(rows[i].list)), "%s: %.*s", rows[i].text, (int)list.n,
                      list.n ? list.p : "");
    }
    mt_causes_drop(causes);
}
END_TEST

static const struct {
    const char *text, *wrong;
} bad[] = {
    {"spam text x\nunknown-usr text user gone\n",
     ":2: 'unknown-usr' is no cause: `mailtrace causes --table` names them"},
    {"spam", ":1: a row is: CAUSE KIND WHAT"},
    {"spam text", ":1: a row is: CAUSE KIND WHAT"},
    {"\n\n#\nspam words x", ":4: the second word is dsn, text, list, domain, weak, reply, action or stage"},
    {"spam dsn 5.1", ":1: a code is such as 5.1.1, x.1.1 (4.1.1 and 5.1.1) or x.7.20-29"},
    {"spam dsn 2.1.1", ":1: a code is such as 5.1.1, x.1.1 (4.1.1 and 5.1.1) or x.7.20-29"},
    {"spam weak x.1.9-2", ":1: a code is such as 5.1.1, x.1.1 (4.1.1 and 5.1.1) or x.7.20-29"},
    {"spam weak x.1.1000", ":1: a code is such as 5.1.1, x.1.1 (4.1.1 and 5.1.1) or x.7.20-29"},
    {"spam weak x.1-2.1", ":1: a code is such as 5.1.1, x.1.1 (4.1.1 and 5.1.1) or x.7.20-29"},
    {"spam reply 600", ":1: a reply code is such as 552 or 500-504"},
    {"spam reply x", ":1: a reply code is such as 552 or 500-504"},
    {"spam text * x", ":1: * stands between words"},
    {"spam text x *", ":1: * stands between words"},
    {"spam text x * * y", ":1: * stands between words"},
    {"spam text <a>", ":1: words are missing"},
    {"spam text a b c d e f g h i j k l m n o p q", ":1: too many words: a row has 16 at most"},
    {"spam domain example", ":1: a domain has a dot"},
    {"spam domain a.* b", ":1: a domain has no *"},
};

START_TEST(test_a_bad_row_is_told_with_its_line)
{
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char why[400];
        struct mt_causes *causes = read_rows(bad[i].text, why);
        ck_assert_ptr_null(causes);
        ck_assert_str_eq(why, bad[i].wrong);
    }
}
END_TEST

START_TEST(test_a_file_that_cannot_be_read_is_told)
{
    char why[400];

    ck_assert_ptr_null(mt_causes_new("/nonexistent/causes", why, sizeof why));
    ck_assert_str_eq(why, "/nonexistent/causes: No such file or directory");
    ck_assert_ptr_null(mt_causes_new("/", why, sizeof why));
    ck_assert_str_eq(why, "/: Is a directory");
}
END_TEST

/* A row twice is one that nobody reaches. */
START_TEST(test_no_row_that_is_built_in_stands_behind_its_like)
{
    for (const char *const *line = mt_causes_text; *line; line++) {
        const char *row = strchr(*line, ' ');
        for (const char *const *other = line + 1; **line != '#' && row && *other; other++) {
            const char *second = strchr(*other, ' ');
            ck_assert_msg(**other == '#' || !second ||
                              strcmp(row + strspn(row, " "), second + strspn(second, " ")) != 0,
                          "%s", *line);
        }
    }
}
END_TEST

Suite *mt_suite_causes(void)
{
    Suite *suite = suite_create("causes");
    TCase *tests = tcase_create("causes");

    tcase_add_test(tests, test_replies_tell_their_cause);
    tcase_add_test(tests, test_the_word_of_what_was_done_tells_where_nothing_else_does);
    tcase_add_test(tests, test_addresses_are_not_looked_at);
    tcase_add_test(tests, test_rows_of_a_file_are_asked_before_those_built_in);
    tcase_add_test(tests, test_a_bad_row_is_told_with_its_line);
    tcase_add_test(tests, test_a_file_that_cannot_be_read_is_told);
    tcase_add_test(tests, test_no_row_that_is_built_in_stands_behind_its_like);
    suite_add_tcase(suite, tests);
    return suite;
}
