/* Received: headers: every clause of the forms that are in the wild, dates, folds, and rubbish. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "mailtrace/received.h"
#include "suites.h"

#define ROWS(table) ((int)(sizeof(table) / sizeof *(table)))

static void assert_hop(const struct mt_hop *hop, const char *expected)
{
    struct mt_buffer out = {0};

    ck_assert(mt_hop_json(hop, &out));
    mt_buffer_append(&out, "", 1);
    ck_assert(!out.failed);
    ck_assert_str_eq(out.p, expected);
    mt_buffer_free(&out);
}

/* Reads an unfolded copy that has nothing behind it, so that a sanitizer sees every byte too many. */
static void read_copy(const char *text, size_t n, struct mt_hop *hop, char **copy)
{
    *copy = malloc(n ? n : 1);
    ck_assert_ptr_nonnull(*copy);
    n = mt_header_unfold(mt_slice(text, n), *copy);
    *copy = realloc(*copy, n ? n : 1);
    ck_assert_ptr_nonnull(*copy);
    mt_hop_read(mt_slice(*copy, n), hop);
}

/* --- forms --- */

#define KNOWN_PLAIN "\"tls\":false,\"auth\":false,\"utf8\":false"

static const struct {
    const char *header, *json;
} forms[] = {
    /* Postfix: smtpd/smtpd.c, pickup/pickup.c, global/post_mail.c */
    {"from mail.example.com (mail.example.com [192.0.2.10])\r\n"
     "\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\r\n"
     "\t key-exchange X25519 server-signature RSA-PSS (2048 bits) server-digest SHA256)\r\n"
     "\t(No client certificate requested)\r\n"
     "\tby mx.example.net (Postfix) with ESMTPS id 7B8A8A24\r\n"
     "\tfor <bob@example.net>; Wed, 27 Mar 2024 15:02:58 +0000 (UTC)",
     "{\"from\":{\"helo\":\"mail.example.com\",\"name\":\"mail.example.com\",\"ip\":\"192.0.2.10\"},"
     "\"by\":{\"name\":\"mx.example.net\"},\"with\":\"ESMTPS\",\"tls\":true,\"auth\":false,\"utf8\":false,"
     "\"id\":\"7B8A8A24\",\"for\":\"bob@example.net\",\"time\":\"2024-03-27T15:02:58+00:00\","
     "\"comments\":[\"using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 "
     "server-signature RSA-PSS (2048 bits) server-digest SHA256\",\"No client certificate requested\",\"Postfix\"]}"},
    {"from laptop (unknown [IPv6:2001:db8::7]) (Authenticated sender: alice) by mx.example.net (Postfix) "
     "with ESMTPSA id 4V4VKG0wRcz8tpy; Wed, 27 Mar 2024 16:02:58 +0100 (CET)",
     "{\"from\":{\"helo\":\"laptop\",\"ip\":\"2001:db8::7\"},\"by\":{\"name\":\"mx.example.net\"},\"with\":\"ESMTPSA\","
     "\"tls\":true,\"auth\":true,\"utf8\":false,\"id\":\"4V4VKG0wRcz8tpy\",\"time\":\"2024-03-27T16:02:58+01:00\","
     "\"comments\":[\"Authenticated sender: alice\",\"Postfix\"]}"},
    {"from laptop (unknown [192.0.2.7]) (Authenticated sender: alice) by mx.example.net (Postfix) with SMTP id "
     "7B8A8A24; "
     "Wed, 27 Mar 2024 16:02:58 +0100",
     "{\"from\":{\"helo\":\"laptop\",\"ip\":\"192.0.2.7\"},\"by\":{\"name\":\"mx.example.net\"},\"with\":\"SMTP\","
     "\"tls\":false,\"auth\":true,\"utf8\":false,\"id\":\"7B8A8A24\",\"time\":\"2024-03-27T16:02:58+01:00\","
     "\"comments\":[\"Authenticated sender: alice\",\"Postfix\"]}"},
    {"by mx.example.net (Postfix, from userid 1000) id 7B8A8A25; Wed, 27 Mar 2024 15:02:58 +0000 (UTC)",
     "{\"by\":{\"name\":\"mx.example.net\"},\"id\":\"7B8A8A25\",\"time\":\"2024-03-27T15:02:58+00:00\","
     "\"comments\":[\"Postfix, from userid 1000\"]}"},
    {"from a (b [192.0.2.1]) by c (Postfix) with ESMTP id 1; Wed, 27 Mar 2024 15:02:58 +0000 (UTC) (envelope-from x@y)",
     "{\"from\":{\"helo\":\"a\",\"name\":\"b\",\"ip\":\"192.0.2.1\"},\"by\":{\"name\":\"c\"},\"with\":"
     "\"ESMTP\"," KNOWN_PLAIN
     ",\"id\":\"1\",\"time\":\"2024-03-27T15:02:58+00:00\",\"comments\":[\"Postfix\",\"envelope-from x@y\"]}"},
    {"from x (y [192.0.2.1]) by z with UTF8SMTPSA id 1 for <\"a;b (c\"@example.net>; 27 Mar 2024 15:02 GMT",
     "{\"from\":{\"helo\":\"x\",\"name\":\"y\",\"ip\":\"192.0.2.1\"},\"by\":{\"name\":\"z\"},\"with\":\"UTF8SMTPSA\","
     "\"tls\":true,\"auth\":true,\"utf8\":true,\"id\":\"1\",\"for\":\"\\\"a;b (c\\\"@example.net\","
     "\"time\":\"2024-03-27T15:02:00+00:00\"}"},
    /* Sendmail: cf/m4/cfhead.m4 */
    {"from client.example (alice@host.example.com [192.0.2.10] (may be forged))\n\t(authenticated bits=0)\n"
     "\tby relay1.example.net (8.17.1.9/8.17.1.9/Debian-2+deb12u2) with ESMTPSA id 42RF2wXk002231\n"
     "\t(version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 bits=256 verify=NO)\n"
     "\tfor <bob@example.net>; Wed, 27 Mar 2024 15:02:58 GMT",
     "{\"from\":{\"helo\":\"client.example\",\"name\":\"host.example.com\",\"ip\":\"192.0.2.10\"},"
     "\"by\":{\"name\":\"relay1.example.net\"},\"with\":\"ESMTPSA\",\"tls\":true,\"auth\":true,\"utf8\":false,"
     "\"id\":\"42RF2wXk002231\",\"for\":\"bob@example.net\",\"time\":\"2024-03-27T15:02:58+00:00\","
     "\"comments\":[\"may be forged\",\"authenticated bits=0\",\"8.17.1.9/8.17.1.9/Debian-2+deb12u2\","
     "\"version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 bits=256 verify=NO\"]}"},
    {"(from root@localhost) by relay1.example.net (8.17.1.9/8.17.1.9/Submit) id 42RF2wXj002230; Wed, 27 Mar 2024 "
     "15:02:58 GMT",
     "{\"by\":{\"name\":\"relay1.example.net\"},\"id\":\"42RF2wXj002230\",\"time\":\"2024-03-27T15:02:58+00:00\","
     "\"comments\":[\"from root@localhost\",\"8.17.1.9/8.17.1.9/Submit\"]}"},
    {"from localhost (localhost) by relay1.example.net (8.17.1.9/8.17.1.9) id 6AM0Hp8d000172; Sun, 22 Nov 2026 "
     "00:17:51 GMT",
     "{\"from\":{\"helo\":\"localhost\",\"name\":\"localhost\"},\"by\":{\"name\":\"relay1.example.net\"},"
     "\"id\":\"6AM0Hp8d000172\",\"time\":\"2026-11-22T00:17:51+00:00\",\"comments\":[\"8.17.1.9/8.17.1.9\"]}"},
    /* Exim: received_header_text, and host_build_sender_fullhost() */
    {"from mail.example.com ([192.0.2.10]:41234 helo=client.example)\n\tby mx.example.net with esmtps  (TLS1.3) "
     "tls TLS_AES_256_GCM_SHA384\n\t(Exim 4.96)\n\t(envelope-from <alice@example.com>)\n\tid 1rpUrK-000Abc-2x\n"
     "\tfor bob@example.net;\n\tWed, 27 Mar 2024 15:02:58 +0000",
     "{\"from\":{\"helo\":\"client.example\",\"name\":\"mail.example.com\",\"ip\":\"192.0.2.10\"},"
     "\"by\":{\"name\":\"mx.example.net\"},\"with\":\"esmtps\",\"tls\":true,\"auth\":false,\"utf8\":false,"
     "\"id\":\"1rpUrK-000Abc-2x\",\"for\":\"bob@example.net\",\"time\":\"2024-03-27T15:02:58+00:00\","
     "\"comments\":[\"TLS1.3\",\"tls TLS_AES_256_GCM_SHA384\",\"Exim 4.96\",\"envelope-from <alice@example.com>\"]}"},
    {"from [192.0.2.10] (port=4711 helo=[10.0.0.1]) by mx.example.net with esmtpa (Exim 4.96) id 1rpUrK-000Abc-2x; "
     "Wed, 27 Mar 2024 15:02:58 +0000",
     "{\"from\":{\"helo\":\"[10.0.0.1]\",\"ip\":\"192.0.2.10\"},\"by\":{\"name\":\"mx.example.net\"},\"with\":"
     "\"esmtpa\","
     "\"tls\":false,\"auth\":true,\"utf8\":false,\"id\":\"1rpUrK-000Abc-2x\",\"time\":\"2024-03-27T15:02:58+00:00\","
     "\"comments\":[\"Exim 4.96\"]}"},
    {"from mail.example.com ([192.0.2.10]) by mx.example.net with esmtp (Exim 4.96) id 1rpUrK-000Abc-2x; "
     "Wed, 27 Mar 2024 15:02:58 +0000",
     "{\"from\":{\"name\":\"mail.example.com\",\"ip\":\"192.0.2.10\"},\"by\":{\"name\":\"mx.example.net\"},\"with\":"
     "\"esmtp\"," KNOWN_PLAIN
     ",\"id\":\"1rpUrK-000Abc-2x\",\"time\":\"2024-03-27T15:02:58+00:00\",\"comments\":[\"Exim 4.96\"]}"},
    {"from alice by mx.example.net with local (Exim 4.96) (envelope-from <alice@example.net>) id 1rpUrK-000Abc-2x; "
     "Wed, 27 Mar 2024 15:02:58 +0000",
     "{\"from\":{\"name\":\"alice\"},\"by\":{\"name\":\"mx.example.net\"},\"with\":\"local\"," KNOWN_PLAIN
     ",\"id\":\"1rpUrK-000Abc-2x\",\"time\":\"2024-03-27T15:02:58+00:00\",\"comments\":[\"Exim 4.96\","
     "\"envelope-from <alice@example.net>\"]}"},
    /* OpenSMTPD: smtp_session.c */
    {"from client.example (mail.example.com [192.0.2.10]) by mx.example.net (OpenSMTPD) with ESMTPSA id 9a1b2c3d "
     "(TLSv1.3:TLS_AES_256_GCM_SHA384:256:NO) auth=yes user=alice for <bob@example.net>; Wed, 27 Mar 2024 15:02:58 "
     "+0000 (UTC)",
     "{\"from\":{\"helo\":\"client.example\",\"name\":\"mail.example.com\",\"ip\":\"192.0.2.10\"},"
     "\"by\":{\"name\":\"mx.example.net\"},\"with\":\"ESMTPSA\",\"tls\":true,\"auth\":true,\"utf8\":false,"
     "\"id\":\"9a1b2c3d\",\"for\":\"bob@example.net\",\"time\":\"2024-03-27T15:02:58+00:00\","
     "\"comments\":[\"OpenSMTPD\",\"TLSv1.3:TLS_AES_256_GCM_SHA384:256:NO\",\"auth=yes user=alice\"]}"},
    /* qmail: received.c */
    {"from unknown (HELO client.example) (192.0.2.10)\n  by mx.example.net with SMTP; 27 Mar 2024 15:02:58 -0000",
     "{\"from\":{\"helo\":\"client.example\",\"ip\":\"192.0.2.10\"},\"by\":{\"name\":\"mx.example.net\"},\"with\":"
     "\"SMTP\"," KNOWN_PLAIN ",\"time\":\"2024-03-27T15:02:58+00:00\"}"},
    {"from mail.example.com (HELO client.example) (ident@192.0.2.10) by mx.example.net with ESMTPS; 27 Mar 2024 "
     "15:02:58 -0000",
     "{\"from\":{\"helo\":\"client.example\",\"name\":\"mail.example.com\",\"ip\":\"192.0.2.10\"},"
     "\"by\":{\"name\":\"mx.example.net\"},\"with\":\"ESMTPS\",\"tls\":true,\"auth\":false,\"utf8\":false,"
     "\"time\":\"2024-03-27T15:02:58+00:00\"}"},
    {"from mail.example.com (192.0.2.10) by mx.example.net with SMTP; 27 Mar 2024 15:02:58 -0000",
     "{\"from\":{\"name\":\"mail.example.com\",\"ip\":\"192.0.2.10\"},\"by\":{\"name\":\"mx.example.net\"},\"with\":"
     "\"SMTP\"," KNOWN_PLAIN ",\"time\":\"2024-03-27T15:02:58+00:00\"}"},
    {"(qmail 31337 invoked by uid 1000); 27 Mar 2024 15:02:58 -0000",
     "{\"time\":\"2024-03-27T15:02:58+00:00\",\"comments\":[\"qmail 31337 invoked by uid 1000\"]}"},
    /* Exchange and Microsoft 365 */
    {"from AM0PR01MB1.eurprd01.prod.exchangelabs.com (2603:10a6:208:1::10)\n by "
     "AM0PR01MB2.eurprd01.prod.exchangelabs.com (2603:10a6:208:1::11) with\n Microsoft SMTP Server "
     "(version=TLS1_2,\n cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.20.7409.28 via Frontend\n Transport; "
     "Wed, 27 Mar 2024 15:02:58 +0000",
     "{\"from\":{\"helo\":\"AM0PR01MB1.eurprd01.prod.exchangelabs.com\",\"ip\":\"2603:10a6:208:1::10\"},"
     "\"by\":{\"name\":\"AM0PR01MB2.eurprd01.prod.exchangelabs.com\",\"ip\":\"2603:10a6:208:1::11\"},\"via\":"
     "\"Frontend\","
     "\"with\":\"Microsoft\",\"id\":\"15.20.7409.28\",\"time\":\"2024-03-27T15:02:58+00:00\","
     "\"comments\":[\"SMTP Server\",\"version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384\",\"Transport\"]}"},
    {"from AM0PR01MB1.example.com ([fe80::1c2]) by AM0PR01MB1.example.com ([fe80::1c2%4]) with mapi id 15.20.7409.031; "
     "Wed, 27 Mar 2024 15:02:58 +0000",
     "{\"from\":{\"helo\":\"AM0PR01MB1.example.com\",\"ip\":\"fe80::1c2\"},"
     "\"by\":{\"name\":\"AM0PR01MB1.example.com\",\"ip\":\"fe80::1c2%4\"},\"with\":\"mapi\",\"id\":\"15.20.7409.031\","
     "\"time\":\"2024-03-27T15:02:58+00:00\"}"},
    /* Gmail */
    {"by 2002:a05:6a10:abcd:b0:123:456:789 with SMTP id x1csp123456pxl; Wed, 27 Mar 2024 08:02:58 -0700 (PDT)",
     "{\"by\":{\"ip\":\"2002:a05:6a10:abcd:b0:123:456:789\"},\"with\":\"SMTP\"," KNOWN_PLAIN
     ",\"id\":\"x1csp123456pxl\",\"time\":\"2024-03-27T08:02:58-07:00\"}"},
    {"from mail-sor-f41.google.com (mail-sor-f41.google.com. [209.85.220.41])\r\n        by mx.google.com with SMTPS "
     "id "
     "a1-20020a05sor.123.2024.03.27.08.02.58\r\n        for <alice@gmail.com>\r\n        (Google Transport Security);"
     "\r\n        Wed, 27 Mar 2024 08:02:58 -0700 (PDT)",
     "{\"from\":{\"helo\":\"mail-sor-f41.google.com\",\"name\":\"mail-sor-f41.google.com\",\"ip\":\"209.85.220.41\"},"
     "\"by\":{\"name\":\"mx.google.com\"},\"with\":\"SMTPS\",\"tls\":true,\"auth\":false,\"utf8\":false,"
     "\"id\":\"a1-20020a05sor.123.2024.03.27.08.02.58\",\"for\":\"alice@gmail.com\",\"time\":\"2024-03-27T08:02:58-07:"
     "00\","
     "\"comments\":[\"Google Transport Security\"]}"},
    {"from [192.168.1.2] ([198.51.100.7]) by smtp.gmail.com with ESMTPSA id 1 for <a@b> (version=TLS1_3 "
     "cipher=TLS_AES_128_GCM_SHA256 bits=128/128); Wed, 27 Mar 2024 08:02:58 -0700 (PDT)",
     "{\"from\":{\"helo\":\"[192.168.1.2]\",\"ip\":\"198.51.100.7\"},\"by\":{\"name\":\"smtp.gmail.com\"},"
     "\"with\":\"ESMTPSA\",\"tls\":true,\"auth\":true,\"utf8\":false,\"id\":\"1\",\"for\":\"a@b\","
     "\"time\":\"2024-03-27T08:02:58-07:00\",\"comments\":[\"version=TLS1_3 cipher=TLS_AES_128_GCM_SHA256 "
     "bits=128/128\"]}"},
    /* Courier; amavis; fetchmail; Cyrus; Domino; SendGrid */
    {"from client.example (mail.example.com [::ffff:192.0.2.10])\n  (TLS: TLSv1.2,256bits,ECDHE)\n  by mx.example.net "
     "with "
     "ESMTPS\n  id 0000000000A1B2.0000000066041F22.00001234; Wed, 27 Mar 2024 15:02:58 +0000",
     "{\"from\":{\"helo\":\"client.example\",\"name\":\"mail.example.com\",\"ip\":\"::ffff:192.0.2.10\"},"
     "\"by\":{\"name\":\"mx.example.net\"},\"with\":\"ESMTPS\",\"tls\":true,\"auth\":false,\"utf8\":false,"
     "\"id\":\"0000000000A1B2.0000000066041F22.00001234\",\"time\":\"2024-03-27T15:02:58+00:00\","
     "\"comments\":[\"TLS: TLSv1.2,256bits,ECDHE\"]}"},
    {"from mx.example.net ([127.0.0.1]) by localhost (mx.example.net [127.0.0.1]) (amavisd-new, port 10024) with LMTP "
     "id a1B2c3D4 for <bob@example.net>; Wed, 27 Mar 2024 15:02:58 +0000 (UTC)",
     "{\"from\":{\"helo\":\"mx.example.net\",\"ip\":\"127.0.0.1\"},\"by\":{\"name\":\"localhost\",\"ip\":\"127.0.0.1\"}"
     ","
     "\"with\":\"LMTP\"," KNOWN_PLAIN ",\"id\":\"a1B2c3D4\",\"for\":\"bob@example.net\","
     "\"time\":\"2024-03-27T15:02:58+00:00\",\"comments\":[\"mx.example.net [127.0.0.1]\",\"amavisd-new, port "
     "10024\"]}"},
    {"from pop.example.com [192.0.2.10] by localhost with POP3 (fetchmail-6.4.37) for <bob@localhost> (single-drop); "
     "Wed, 27 Mar 2024 15:02:58 +0000 (GMT)",
     "{\"from\":{\"name\":\"pop.example.com\",\"ip\":\"192.0.2.10\"},\"by\":{\"name\":\"localhost\"},\"with\":\"POP3\","
     "\"for\":\"bob@localhost\",\"time\":\"2024-03-27T15:02:58+00:00\",\"comments\":[\"fetchmail-6.4.37\",\"single-"
     "drop\"]}"},
    {"from mx.example.net ([unix socket]) by store (Cyrus 3.6.1) with LMTPA; Wed, 27 Mar 2024 15:02:58 +0000",
     "{\"from\":{\"helo\":\"mx.example.net\"},\"by\":{\"name\":\"store\"},\"with\":\"LMTPA\",\"tls\":false,\"auth\":"
     "true,"
     "\"utf8\":false,\"time\":\"2024-03-27T15:02:58+00:00\",\"comments\":[\"[unix socket]\",\"Cyrus 3.6.1\"]}"},
    {"by filter0017.sendgrid.net with SMTP id filter0017-1-5F-0 2024-03-27 15:02:58.123456789 +0000 UTC m=+0.1",
     "{\"by\":{\"name\":\"filter0017.sendgrid.net\"},\"with\":\"SMTP\"," KNOWN_PLAIN
     ",\"id\":\"filter0017-1-5F-0\",\"time\":\"2024-03-27T15:02:58.123456+00:00\",\"comments\":[\"m=+0.1\"]}"},
    /* any order, any case, nested and odd comments, missing clauses */
    {"FOR <a@b> ID 7 WITH smtp BY c. FROM d (e. [192.0.2.1]); 27 Mar 2024 15:02:58 Z",
     "{\"from\":{\"helo\":\"d\",\"name\":\"e\",\"ip\":\"192.0.2.1\"},\"by\":{\"name\":\"c\"},\"with\":"
     "\"smtp\"," KNOWN_PLAIN ",\"id\":\"7\",\"for\":\"a@b\",\"time\":\"2024-03-27T15:02:58+00:00\"}"},
    {"(a (b (c) \\) d) e)by x(f)id y;27 Mar 2024 15:02:58 Z",
     "{\"by\":{\"name\":\"x\"},\"id\":\"y\",\"time\":\"2024-03-27T15:02:58+00:00\",\"comments\":[\"a (b (c) \\\\) d) "
     "e\",\"f\"]}"},
    {"from by (x [192.0.2.1]) by with id for; 27 Mar 2024 15:02:58 Z",
     "{\"from\":{\"helo\":\"by\",\"name\":\"x\",\"ip\":\"192.0.2.1\"},\"by\":{\"name\":\"with\"},\"id\":\"for\","
     "\"time\":\"2024-03-27T15:02:58+00:00\"}"},
    {"from by mx.example.net; 27 Mar 2024 15:02:58 Z",
     "{\"by\":{\"name\":\"mx.example.net\"},\"time\":\"2024-03-27T15:02:58+00:00\"}"},
    {"from a by b from c by d; 27 Mar 2024 15:02:58 Z",
     "{\"from\":{\"helo\":\"a\"},\"by\":{\"name\":\"b\"},\"time\":\"2024-03-27T15:02:58+00:00\",\"comments\":[\"from c "
     "by d\"]}"},
    {"by a with SMTP (x; y) id 1 (z;",
     "{\"by\":{\"name\":\"a\"},\"with\":\"SMTP\"," KNOWN_PLAIN ",\"id\":\"1\",\"comments\":[\"x; y\",\"z;\"]}"},
    {"by a (never ends with SMTP id 1; Wed, 27 Mar 2024 15:02:58 +0000",
     "{\"by\":{\"name\":\"a\"},\"time\":\"2024-03-27T15:02:58+00:00\",\"comments\":[\"never ends with SMTP id 1\"]}"},
    {"by a via TCP with SMTP id <x.y@z> for <a@b>,<c@d>; Wed, 27 Mar 2024 15:02:58 +0000",
     "{\"by\":{\"name\":\"a\"},\"via\":\"TCP\",\"with\":\"SMTP\"," KNOWN_PLAIN
     ",\"id\":\"x.y@z\",\"for\":\"a@b\",\"time\":\"2024-03-27T15:02:58+00:00\",\"comments\":[\",<c@d>\"]}"},
    {"nothing of the kind", "{\"comments\":[\"nothing of the kind\"]}"},
    {"", "{}"},
    {";", "{}"},
    {"\xff\xfe\x01", "{\"comments\":[\"\xEF\xBF\xBD\xEF\xBF\xBD\\u0001\"]}"},
};

START_TEST(test_every_clause_of_a_known_form_is_read)
{
    struct mt_hop hop;
    char *copy;

    read_copy(forms[_i].header, strlen(forms[_i].header), &hop, &copy);
    assert_hop(&hop, forms[_i].json);
    free(copy);
}
END_TEST

START_TEST(test_folded_and_unfolded_say_the_same)
{
    struct mt_hop hop, folded;
    char *copy;

    read_copy(forms[_i].header, strlen(forms[_i].header), &hop, &copy);
    mt_hop_read(mt_slice_str(forms[_i].header), &folded);
    ck_assert(mt_slice_eq(hop.id, folded.id) && mt_slice_eq(hop.recipient, folded.recipient));
    ck_assert(mt_slice_eq(hop.by_name, folded.by_name) && mt_slice_eq(hop.ip, folded.ip));
    ck_assert_int_eq(hop.time.usec, folded.time.usec);
    ck_assert_uint_eq(hop.ncomments, folded.ncomments);
    free(copy);
}
END_TEST

/* --- dates --- */

static const struct {
    const char *text, *time; /* NULL: it is none */
    bool zoned;
    const char *rest;
} dates[] = {
    {"Wed, 27 Mar 2024 15:02:58 +0000", "2024-03-27T15:02:58+00:00", true, ""},
    {" Wed,27 Mar 2024 15:02:58 -0330 x", "2024-03-27T15:02:58-03:30", true, " x"},
    {"27 Mar 24 15:02 EST", "2024-03-27T15:02:00-05:00", true, ""},
    {"27 Mar 99 15:02:58 PDT", "1999-03-27T15:02:58-07:00", true, ""},
    {"27 Mar 104 15:02:58 UT", "2004-03-27T15:02:58+00:00", true, ""},
    {"Wednesday, 27 March 2024 5:02:58 +01:00", "2024-03-27T05:02:58+01:00", true, ""},
    {"Wed, 27 Mar 2024 15:02:58", "2024-03-27T15:02:58+00:00", false, ""},
    {"Wed, 27 Mar 2024 15:02:58 A", "2024-03-27T15:02:58+00:00", false, ""},
    {"Wed, 27 Mar 2024 15:02:58 CEST", "2024-03-27T15:02:58+00:00", false, ""},
    {"Wed, 27 Mar 2024 15:02:58 GMT+0200", "2024-03-27T15:02:58+02:00", true, ""},
    {"Wed, 27 Mar 2024 15:02:58 +9999", "2024-03-27T15:02:58+00:00", false, " +9999"},
    {"Wed (x) , 27 (y) Mar 2024 (z (w)) 15 : 02 : 58 (v) +0100 (CET)", "2024-03-27T15:02:58+01:00", true, ""},
    {"27 Mar 2024 15:02:58 +0000 (W. Europe Standard Time) (x)", "2024-03-27T15:02:58+00:00", true, " (x)"},
    {"27 Mar 2024 15:02:58 +0000 (x=y)", "2024-03-27T15:02:58+00:00", true, " (x=y)"},
    {"27-Mar-2024 15:02:58.25 +0000", "2024-03-27T15:02:58.25+00:00", true, ""},
    {"Wed Mar 27 15:02:58 2024", "2024-03-27T15:02:58+00:00", false, ""},
    {"Wed Mar 27 15:02:58 CET 2024", "2024-03-27T15:02:58+00:00", false, ""},
    {"Wed Mar  7 15:02:58 2024 +0100", "2024-03-07T15:02:58+01:00", true, ""},
    {"2024-03-27T15:02:58Z", "2024-03-27T15:02:58+00:00", true, ""},
    {"2024-03-27 15:02:58 +0530 IST", "2024-03-27T15:02:58+05:30", true, " IST"},
    {"29 Feb 2024 23:59:60 +0000", "2024-03-01T00:00:00+00:00", true, ""},
    {"31 Dec 9999 23:59:59 -2359", "9999-12-31T23:59:59-23:59", true, ""},
    {"29 Feb 2023 15:02:58 +0000", NULL, false, ""},
    {"27 Foo 2024 15:02:58 +0000", NULL, false, ""},
    {"27 Mar 2024 24:02:58 +0000", NULL, false, ""},
    {"27 Mar 20244 15:02:58 +0000", NULL, false, ""},
    {"27 Mar 2024", NULL, false, ""},
    {"Wed, ", NULL, false, ""},
    {"", NULL, false, ""},
};

START_TEST(test_dates_are_read_with_their_zones)
{
    struct mt_slice at = mt_slice_str(dates[_i].text);
    struct mt_time time;
    bool zoned = false, is_date = mt_mail_date(&at, &time, &zoned);
    char buf[MT_TIME_MAX + 1];

    ck_assert_int_eq(is_date, dates[_i].time != NULL);
    if (is_date) {
        buf[mt_time_format(&time, buf)] = '\0';
        ck_assert_str_eq(buf, dates[_i].time);
        ck_assert_int_eq(zoned, dates[_i].zoned);
        ck_assert(mt_slice_eq(at, mt_slice_str(dates[_i].rest)));
    }
}
END_TEST

static const struct {
    const char *header;
    unsigned notes;
} odd[] = {
    {"from a by b; 27 Mar 2024 15:02:58 +0000", 0},
    {"(qmail 1 invoked from network); 27 Mar 2024 15:02:58 -0000", MT_HOP_NO_CLAUSE},
    {"from a by b", MT_HOP_NO_DATE},
    {"from a by b;", MT_HOP_NO_DATE},
    {"from a by b; yesterday", MT_HOP_BAD_DATE},
    {"from a by b; 27 Mar 2024 15:02:58", MT_HOP_NO_ZONE},
    {"from a (b by c; 27 Mar 2024 15:02:58 +0000", MT_HOP_OPEN},
    {"from a by b by c; 27 Mar 2024 15:02:58 +0000", MT_HOP_TWICE},
    {"by b (1)(2)(3)(4)(5)(6)(7)(8)(9)(10)(11)(12)(13)(14)(15)(16)(17)(18)(19)(20)(21)(22)(23)(24)(25)(26)(27)(28)"
     "(29)(30)(31)(32)(33); 27 Mar 2024 15:02:58 +0000",
     MT_HOP_MORE},
};

START_TEST(test_what_is_odd_is_noted)
{
    struct mt_hop hop;

    mt_hop_read(mt_slice_str(odd[_i].header), &hop);
    ck_assert_uint_eq(hop.notes, odd[_i].notes);
}
END_TEST

/* --- protocols: the registered ones, as RFC 3848 and RFC 6531 build them --- */

START_TEST(test_registered_protocols_tell_tls_auth_and_utf8)
{
    static const char *const bases[] = {"SMTP", "LMTP"};
    char name[32];
    bool tls, auth, utf8;

    for (int i = 0; i < 16; i++) {
        bool is_utf8 = i & 8, is_tls = i & 2, is_auth = i & 4, is_lmtp = i & 1;
        const char *extended = !is_utf8 && !is_lmtp && (is_tls || is_auth) ? "E" : "";
        snprintf(name, sizeof name, "%s%s%s%s%s", is_utf8 ? "UTF8" : "", extended, bases[is_lmtp], is_tls ? "S" : "",
                 is_auth ? "A" : "");
        ck_assert_msg(mt_hop_protocol(mt_slice_str(name), &tls, &auth, &utf8), "%s", name);
        ck_assert_msg(tls == is_tls && auth == is_auth && utf8 == is_utf8, "%s", name);
    }
    ck_assert(!mt_hop_protocol(MT_LIT("Microsoft"), &tls, &auth, &utf8));
    ck_assert(!mt_hop_protocol(MT_LIT("ESMTPX"), &tls, &auth, &utf8));
    ck_assert(!mt_hop_protocol(MT_LIT(""), &tls, &auth, &utf8));
}
END_TEST

/* --- chains --- */

START_TEST(test_delay_is_told_across_zones_and_may_be_negative)
{
    struct mt_hop first, second, third;

    mt_hop_read(MT_LIT("by a; 27 Mar 2024 15:02:58 +0000"), &first);
    mt_hop_read(MT_LIT("by b; 27 Mar 2024 16:03:28 +0100"), &second);
    mt_hop_read(MT_LIT("by c; 27 Mar 2024 10:03:27.5 -0500"), &third);
    mt_hop_follow(&second, &first.time);
    mt_hop_follow(&third, &second.time);
    ck_assert(!first.delayed);
    ck_assert_int_eq(second.delay, 30000000);
    assert_hop(&third, "{\"by\":{\"name\":\"c\"},\"time\":\"2024-03-27T10:03:27.5-05:00\",\"delay\":-0.5}");
}
END_TEST

START_TEST(test_headers_that_postfix_logs_become_hops)
{
    char scratch[400];
    struct mt_hop hops[3];
    struct mt_event event = {.kind = MT_EVENT_MESSAGE, .hops = hops};
    struct mt_buffer out = {0};

    /* cleanup_act_log() writes line feed and tab as ??, and at most 200 characters: here the second one lost its end */
    const struct mt_slice headers = MT_LIT(
        "from b (b [192.0.2.2])??by c (Postfix) with ESMTP id 2??for <x@y>; Wed, 27 Mar 2024 15:03:58 +0000 (UTC)\n"
        "from a (a [192.0.2.1])??by b (Postfix) with ESM\n"
        "by a (Postfix, from userid 0)??id 1; Wed, 27 Mar 2024 15:02:58 +0000 (UTC)");
    ck_assert_uint_lt(headers.n, sizeof scratch);
    event.nhops = mt_hops_read_logged(headers, scratch, hops, 3);
    mt_mark(&event.f, MT_F_RECEIVED);
    mt_set_int(&event.f, MT_F_LINES, 4);
    ck_assert(mt_event_json(&event, &out));
    mt_buffer_append(&out, "", 1);
    ck_assert_str_eq(out.p,
                     "{\"event\":\"message\",\"received\":["
                     "{\"by\":{\"name\":\"a\"},\"id\":\"1\",\"time\":\"2024-03-27T15:02:58+00:00\","
                     "\"comments\":[\"Postfix, from userid 0\"]},"
                     "{\"from\":{\"helo\":\"a\",\"name\":\"a\",\"ip\":\"192.0.2.1\"},\"by\":{\"name\":\"b\"},"
                     "\"with\":\"ESM\",\"comments\":[\"Postfix\"]},"
                     "{\"from\":{\"helo\":\"b\",\"name\":\"b\",\"ip\":\"192.0.2.2\"},\"by\":{\"name\":\"c\"},"
                     "\"with\":\"ESMTP\"," KNOWN_PLAIN ",\"id\":\"2\",\"for\":\"x@y\","
                     "\"time\":\"2024-03-27T15:03:58+00:00\",\"delay\":60,\"comments\":[\"Postfix\"]}],\"lines\":4}");
    mt_buffer_free(&out);
}
END_TEST

/* --- mails --- */

/* The names and values of the headers of a mail, as "name=value|". */
static void join_headers(struct mt_slice *at, char *out, size_t size)
{
    struct mt_slice name, value;
    size_t n = 0;

    while (mt_header_next(at, &name, &value)) {
        char copy[256];
        size_t length = mt_header_unfold(value, copy);
        n += (size_t)snprintf(out + n, size - n, "%.*s=%.*s|", (int)name.n, name.p, (int)length, copy);
    }
    out[n] = '\0';
}

static const struct {
    const char *mail, *headers, *body;
} mails[] = {
    {"A: b\nC:d\n\nE: f\n", "A= b|C=d|", "E: f\n"},
    {"A: b\r\n c\r\n\td\r\nC : e\r\n\r\n", "A= b c d|C= e|", ""},
    {"A: b\r\n c\n \nD: e", "A= b c |D= e|", ""},
    {"no header\n folded\nA: b\n:x\n: y\n", "A= b|", ""},
    {"A:\n b\n", "A= b|", ""},
    {" A: b\nC: d\n", "C= d|", ""},
    {"\nA: b\n", "", "A: b\n"},
    {"A", "", ""},
    {"", "", ""},
};

START_TEST(test_headers_end_at_the_empty_line)
{
    struct mt_slice at = mt_slice_str(mails[_i].mail);
    char out[256];

    join_headers(&at, out, sizeof out);
    ck_assert_str_eq(out, mails[_i].headers);
    ck_assert(mt_slice_eq(at, mt_slice_str(mails[_i].body)));
}
END_TEST

/* --- hostile headers --- */

#define HUGE (1 << 20)

static void assert_inside(const char *p, size_t n, struct mt_slice s)
{
    ck_assert(!s.n || (s.p >= p && s.p + s.n <= p + n));
}

static void assert_all_inside(const char *p, size_t n, const struct mt_hop *hop)
{
    assert_inside(p, n, hop->helo);
    assert_inside(p, n, hop->name);
    assert_inside(p, n, hop->ip);
    assert_inside(p, n, hop->by_name);
    assert_inside(p, n, hop->by_ip);
    assert_inside(p, n, hop->with);
    assert_inside(p, n, hop->id);
    assert_inside(p, n, hop->recipient);
    ck_assert_uint_le(hop->ncomments, MT_HOP_COMMENTS);
    for (size_t i = 0; i < hop->ncomments; i++) {
        assert_inside(p, n, hop->comments[i]);
    }
}

static const char *const repeated[] = {
    "(",
    ")",
    "\"",
    "<",
    ";",
    "\\",
    "<\"a>\"",
    "\"\\\"",
    "from ",
    "from by ",
    "[",
    "?",
    "Mon(",
    "by (x [",
    " ",
    "\t\r\n",
    "; Wed, 27 Mar ",
    "1 Mar 1 1:1 ",
    "(;",
    "a@",
    "helo=",
    "(helo=",
    "[::1]",
    "(",
    "1(",
    "(a)",
    "from x (user@",
    "\xff",
    "2024-03-27 15:02:58",
    "((((;27 Mar 2024 1:1)",
};

/* A megabyte of it is read in a moment: the test's own time limit is what would break a square. */
START_TEST(test_a_huge_header_is_read_in_linear_time)
{
    size_t unit = strlen(repeated[_i]);
    char *text = malloc(HUGE);
    struct mt_hop hop;

    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < HUGE; i++) {
        text[i] = repeated[_i][i % unit];
    }
    mt_hop_read(mt_slice(text, HUGE), &hop);
    assert_all_inside(text, HUGE, &hop);
    memcpy(text, "from a (b by c", 14);
    memcpy(text + HUGE - 28, "; 27 Mar 2024 15:02:58 +0000", 28);
    mt_hop_read(mt_slice(text, HUGE), &hop);
    assert_all_inside(text, HUGE, &hop);
    free(text);
}
END_TEST

/* Pieces of headers in random order, with random bytes, in a block of just their size. */
START_TEST(test_no_byte_beyond_a_header_is_looked_at)
{
    static const char *const pieces[] = {
        "from ", "by ",  " with ",  "ESMTPS",      " id ",  " for ",  "<a@b>", "; ",  "27 Mar 2024 15:02:58 ",
        "+0000", "(",    ")",       "[192.0.2.1]", "helo=", "HELO x", "\"",    "<",   ">",
        "\\",    "[",    "]",       "IPv6:",       "::1",   "%",      "@",     "??",  "\r\n\t",
        "Wed, ", "Mar",  "2024-",   "T",           ":",     ".",      "Z",     "GMT", "+",
        "-",     "via ", "unknown", "cipher",
    };
    unsigned state = (unsigned)_i * 2654435761u + 1;

    for (int round = 0; round < 200; round++) {
        char text[512], scratch[MT_HOP_LOGGED], *copy;
        size_t n = 0;
        struct mt_hop hop;
        for (int i = 0; i < 25; i++) {
            state = state * 1664525 + 1013904223;
            if (state >> 29 == 0) {
                text[n++] = (char)(state >> 12);
            } else {
                const char *piece = pieces[(state >> 12) % (unsigned)ROWS(pieces)];
                memcpy(text + n, piece, strlen(piece));
                n += strlen(piece);
            }
        }
        copy = malloc(n);
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, text, n);
        mt_hop_read(mt_slice(copy, n), &hop);
        assert_all_inside(copy, n, &hop);
        mt_hop_read_logged(mt_slice(copy, n), scratch, &hop);
        assert_all_inside(scratch, sizeof scratch, &hop);
        free(copy);
    }
}
END_TEST

Suite *mt_suite_received(void)
{
    Suite *suite = suite_create("received");
    TCase *tc = tcase_create("clauses");

    tcase_add_loop_test(tc, test_every_clause_of_a_known_form_is_read, 0, ROWS(forms));
    tcase_add_loop_test(tc, test_folded_and_unfolded_say_the_same, 0, ROWS(forms));
    tcase_add_loop_test(tc, test_what_is_odd_is_noted, 0, ROWS(odd));
    tcase_add_test(tc, test_registered_protocols_tell_tls_auth_and_utf8);
    suite_add_tcase(suite, tc);
    tc = tcase_create("dates");
    tcase_add_loop_test(tc, test_dates_are_read_with_their_zones, 0, ROWS(dates));
    suite_add_tcase(suite, tc);
    tc = tcase_create("chains");
    tcase_add_test(tc, test_delay_is_told_across_zones_and_may_be_negative);
    tcase_add_test(tc, test_headers_that_postfix_logs_become_hops);
    suite_add_tcase(suite, tc);
    tc = tcase_create("mails");
    tcase_add_loop_test(tc, test_headers_end_at_the_empty_line, 0, ROWS(mails));
    suite_add_tcase(suite, tc);
    tc = tcase_create("hostile");
    tcase_add_loop_test(tc, test_a_huge_header_is_read_in_linear_time, 0, ROWS(repeated));
    tcase_add_loop_test(tc, test_no_byte_beyond_a_header_is_looked_at, 0, 20);
    suite_add_tcase(suite, tc);
    return suite;
}
