/* A mail's headers, of any bytes: fields, folds, each of them read as Received:, as a logged one, and as a date.
 * The slices of a hop lie in what was read, and its JSON is valid.
 */
#include "mailtrace/received.h"
#include "fuzz.h"

#include <stdlib.h>

static void check_inside(struct mt_slice s, const char *p, size_t n)
{
    fuzz_check(!s.n || (s.p >= p && s.n <= n && (size_t)(s.p - p) <= n - s.n), "a slice lies in its header");
}

static void check_hop(const struct mt_hop *hop, const char *p, size_t n)
{
    const struct mt_slice slices[] = {hop->helo, hop->name, hop->ip, hop->by_name,  hop->by_ip,
                                      hop->via,  hop->with, hop->id, hop->recipient};
    struct mt_buffer text = {0};

    for (size_t i = 0; i < sizeof slices / sizeof *slices; i++) {
        check_inside(slices[i], p, n);
    }
    fuzz_check(hop->ncomments <= MT_HOP_COMMENTS, "there is room for the comments");
    for (size_t i = 0; i < hop->ncomments; i++) {
        check_inside(hop->comments[i], p, n);
        fuzz_check(hop->comments[i].n != 0, "a comment is not empty");
    }
    fuzz_check(!hop->timed || !(hop->notes & (MT_HOP_NO_DATE | MT_HOP_BAD_DATE)), "a hop has a date or none");
    fuzz_check(mt_hop_json(hop, &text), "a hop has its JSON");
    fuzz_check_json(&text);
    mt_buffer_free(&text);
}

static void read_header(struct mt_slice header)
{
    char *copy = fuzz_copy(header.p, header.n), *logged = malloc(MT_HOP_LOGGED);
    struct mt_hop hop, before;

    mt_hop_read(header, &before);
    check_hop(&before, header.p, header.n);
    mt_hop_read_logged(header, logged, &hop);
    if (header.n <= MT_HOP_LOGGED) {
        check_hop(&hop, logged, MT_HOP_LOGGED);
    } else {
        check_hop(&hop, header.p, header.n);
    }
    size_t n = mt_header_unfold(mt_slice(copy, header.n), copy);
    fuzz_check(n <= header.n, "unfolding makes nothing longer");
    mt_hop_read(mt_slice(copy, n), &hop);
    if (before.timed) {
        mt_hop_follow(&hop, &before.time);
    }
    check_hop(&hop, copy, n);
    free(logged);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = fuzz_copy(data, size);
    struct mt_slice at = mt_slice(copy, size), name, value;
    struct mt_time time;
    bool zoned;

    read_header(at);
    while (mt_header_next(&at, &name, &value)) {
        check_inside(name, copy, size);
        check_inside(value, copy, size);
        fuzz_check(name.n != 0, "a header has a name");
        read_header(value);
    }
    check_inside(at, copy, size);
    at = mt_slice(copy, size);
    if (mt_mail_date(&at, &time, &zoned)) {
        check_inside(at, copy, size);
    }
    free(copy);
    return 0;
}
