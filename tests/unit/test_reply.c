/* The next server's reply says which ID it gave the message, in the words of each server, whoever logged it. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "lines.h"
#include "mailtrace/parser.h"
#include "parser/reply.h"
#include "suites.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct {
    const char *text, *id;
    char blank;
} replies[] = {
    {"250 2.0.0 Ok: queued as 4jX8mH6GrSz1drYQ", "4jX8mH6GrSz1drYQ", ' '},
    {"250 2.0.0 Ok: 1451 bytes queued as 4D1F2AAE9B1", "4D1F2AAE9B1", ' '},
    {"Ok: queued as 4D1F2AAE9B1.", "4D1F2AAE9B1", ' '},
    {"250_2.0.0_Ok:_queued_as_4D1F2AAE9B1/", "4D1F2AAE9B1", '_'},
    {"192.0.2.1_accepted_message./Remote_host_said:_250_2.0.0_Ok:_queued_as_4D1F2AAE9B1/", "4D1F2AAE9B1", '_'},
    {"250 2.0.0 6AM0HoS2000124 Message accepted for delivery", "6AM0HoS2000124", ' '},
    {"6AM0HoS2000124 Message accepted for delivery", "6AM0HoS2000124", ' '},
    {"250_2.0.0_f22ab30f_Message_accepted_for_delivery/", "f22ab30f", '_'},
    {"250 2.0.0: e1234567 Message accepted for delivery", "e1234567", ' '},
    {"250 OK id=1rXyzA-0000000Abcd-2KLm", "1rXyzA-0000000Abcd-2KLm", ' '},
    {"OK id=1tENX-0003-0B", "1tENX-0003-0B", ' '},
    {"250_OK_id=1tENX-0003-0B/", "1tENX-0003-0B", '_'},
    {"250 Ok. 0000000000040A3B.00000000691FD2A5.00001A2B", "0000000000040A3B.00000000691FD2A5.00001A2B", ' '},
    {"250 ok 1795306671 qp 6789", "6789", ' '},
    {"250_ok_1795306671_qp_6789/", "6789", '_'},
    {"250 2.0.0 <bob@example.org> ixM9c1AmtVAQAAskwCvQ Saved", "ixM9c1AmtVAQAAskwCvQ", ' '},
    {"250 2.0.0 <bob@example.org> a/ixM9c1AmtVAQAAskwCvQ:R2 Saved", "a/ixM9c1AmtVAQAAskwCvQ", ' '},
    {"forwarded as 4D1F2AAE9B1", "4D1F2AAE9B1", ' '},
    /* filters and relays */
    {"250 2.0.0 Ok, id=12345-01, from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as 4D1F2AAE9B1", "4D1F2AAE9B1",
     ' '},
    {"250 2.7.0 Ok, discarded, id=12345-01 - spam", "", ' '},
    {"250 2.5.0 Ok, id=12345-01, BOUNCE", "", ' '},
    {"250 queued as 1A2B3C4D5E6F; relayed, queued as 6B1F2C0D4E", "6B1F2C0D4E", ' '},
    {"250 2.0.0 Ok: accepted 250-2.0.0 second line 250 2.0.0 queued as S1", "S1", ' '},
    /* no ID */
    {"250 2.0.0 Message accepted for delivery", "", ' '},
    {"250 2.0.0 1a2b_3c4d Message accepted for delivery", "", ' '},
    {"250 2.0.0 Your Message accepted for delivery", "", ' '},
    {"250 queued as ", "", ' '},
    {"250 queued as soon as possible", "", ' '},
    {"250 queued as victim1@example.org", "", ' '},
    {"250 queued as 1<b>", "", ' '},
    {"250 queued as -1-", "", ' '},
    {"250 Ok. Thanks", "", ' '},
    {"250 LOOK id=1", "", ' '},
    {"OK  1795306671 a1-20020a170902c1c5.42 - gsmtp", "", ' '},
    {"250 ok 1795306671 qp x", "", ' '},
    {"250 ok x qp 1", "", ' '},
    {"250 look 1 qp 1", "", ' '},
    {"250 ok 1 qp 1a", "", ' '},
    {"250 Saved", "", ' '},
    {"Saved", "", ' '},
    {" Saved", "", ' '},
    {"250 <a@b> x:y Saved", "", ' '},
    {"250 x1 Saved", "", ' '},
    {"<a@b> [InternalId=1, Hostname=x] 9 bytes Queued mail for delivery", "", ' '},
    {"Ok: queued as DEADBEEF01) to=<v@x>, stat=User unknown (queued as FAKE", "DEADBEEF01", ' '},
    {"", "", ' '},
    {"2", "", ' '},
    {"250", "", ' '},
};

START_TEST(test_an_id_is_found_in_each_servers_words)
{
    size_t n = strlen(replies[_i].text);
    char *copy = exact_copy(replies[_i].text, n);
    struct mt_slice id = mt_reply_read(mt_slice(copy, n), replies[_i].blank).id;

    expect_slice(id, replies[_i].id, replies[_i].text);
    ck_assert(!id.n || (id.p >= copy && id.p + id.n <= copy + n));
    free(copy);
}
END_TEST

/* What is cut off anywhere gives the beginning of an ID at most, and nothing beyond the text is read. */
START_TEST(test_a_reply_cut_anywhere_is_read_to_its_end)
{
    for (size_t n = 0; n < strlen(replies[_i].text); n++) {
        char *copy = exact_copy(replies[_i].text, n);
        struct mt_slice id = mt_reply_read(mt_slice(copy, n), replies[_i].blank).id;
        ck_assert(!id.n || (id.p >= copy && id.p + id.n <= copy + n));
        free(copy);
    }
}
END_TEST

START_TEST(test_both_servers_read_one_reply_alike)
{
    char text[600];
    struct mt_record postfix, sendmail;
    struct mt_line line;

    if (replies[_i].blank != ' ' || *replies[_i].text != '2' || strlen(replies[_i].text) < 5) {
        return;
    }
    snprintf(text, sizeof text, "098F1AAE9E9: to=<b@c>, relay=h[192.0.2.1]:25, delay=0, dsn=2.0.0, status=sent (%s)",
             replies[_i].text);
    line = line_of("postfix/smtp", text);
    ck_assert_int_eq(mt_parse(&line, &postfix), MT_RECOGNISED);
    expect_slice(mt_get(&postfix.f, MT_F_NEXT_QUEUE_ID), replies[_i].id, text);
    snprintf(text, sizeof text,
             "6AM0HoS2000124: to=<b@c>, delay=00:00:00, mailer=esmtp, pri=1, relay=h. [192.0.2.1], dsn=2.0.0, "
             "stat=Sent (%s)",
             replies[_i].text + 4);
    line = line_of("sm-mta", text);
    ck_assert_int_eq(mt_parse(&line, &sendmail), MT_RECOGNISED);
    expect_slice(mt_get(&sendmail.f, MT_F_NEXT_QUEUE_ID), replies[_i].id, text);
}
END_TEST

START_TEST(test_a_reply_begins_with_its_codes)
{
    static const struct {
        const char *text, *dsn;
        int code;
        char blank;
    } rows[] = {
        {"250 2.0.0 Ok", "2.0.0", 250, ' '},
        {"250 Ok", "", 250, ' '},
        {"5.7.1 No", "5.7.1", 0, ' '},
        {"550-5.1.1 No", "5.1.1", 550, ' '},
        {"550", "", 550, ' '},
        {"550 5.1.1", "5.1.1", 550, ' '},
        {"2500 Ok", "", 0, ' '},
        {"No 550", "", 0, ' '},
        {"550 5.1.1x", "", 550, ' '},
        {"250 4.2.0 Ok", "", 250, ' '}, /* of another class */
        {"550 2.0.0 No", "", 550, ' '},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct mt_reply reply = mt_reply_read(mt_slice_str(rows[i].text), rows[i].blank);
        ck_assert_int_eq(reply.code, rows[i].code);
        expect_slice(reply.dsn, rows[i].dsn, rows[i].text);
    }
}
END_TEST

Suite *mt_suite_reply(void)
{
    Suite *suite = suite_create("reply");
    TCase *replies_case = tcase_create("replies");

    tcase_add_loop_test(replies_case, test_an_id_is_found_in_each_servers_words, 0, COUNT(replies));
    tcase_add_loop_test(replies_case, test_a_reply_cut_anywhere_is_read_to_its_end, 0, COUNT(replies));
    tcase_add_loop_test(replies_case, test_both_servers_read_one_reply_alike, 0, COUNT(replies));
    tcase_add_test(replies_case, test_a_reply_begins_with_its_codes);
    suite_add_tcase(suite, replies_case);
    return suite;
}
