/* State on disk: what was fed and had not ended is known after any end of the process. The process that
 * ends is a real one: a child that kills itself, mostly.
 */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "drawn.h"
#include "state_process.h"
#include "suites.h"

/* --- the promises --- */

START_TEST(test_killed_anywhere_every_event_comes_and_repeats_are_the_same)
{
    char *want;
    size_t at = 0, kills = 0;

    draw_sorted_log((uint64_t)_i);
    want = undisturbed();
    while (at < drawn_n) {
        size_t to = at + 1 + draw(100);
        live(at, to, true, 0);
        at = to;
        kills++;
    }
    live(drawn_n, ALL, false, 0);
    ck_assert_uint_gt(kills, 5);
    expect(want, true);
    free(want);
}
END_TEST

START_TEST(test_killed_behind_new_files_nothing_is_lost)
{
    char *want;

    draw_sorted_log(7);
    want = undisturbed();
    config.max_bytes = 4 * MT_STATE_LEAST;
    for (size_t at = 0, to; at < drawn_n; at = to) {
        to = at + drawn_n / 4 + 1;
        if (fork() == 0) {
            struct run run;
            run_open(&run);
            run_feed(&run, at, to, 0);
            for (size_t n = 0; n < 80000; n += to) { /* repeats, which only take room */
                run_feed(&run, 0, to, 0);
            }
            raise(SIGKILL);
        }
        wait(NULL);
    }
    live(drawn_n, ALL, false, 0);
    expect(want, true);
    free(want);
}
END_TEST

START_TEST(test_after_a_clean_end_nothing_is_given_out_twice)
{
    char *want;

    draw_sorted_log((uint64_t)_i);
    want = undisturbed();
    for (size_t at = 0, to; at < drawn_n; at = to) {
        to = at + 1 + draw(100);
        live(at, to, false, 0);
    }
    live(drawn_n, ALL, false, 0);
    expect(want, false);
    free(want);
}
END_TEST

START_TEST(test_lines_read_again_after_a_restart_change_nothing)
{
    char *want;

    draw_sorted_log((uint64_t)_i);
    want = undisturbed();
    for (size_t at = 0, to; at < drawn_n; at = to) {
        to = at + 60 + draw(100);
        live(at > 50 ? at - 50 : 0, to, draw(2), 0);
    }
    live(drawn_n, ALL, false, 0);
    expect(want, true);
    free(want);
}
END_TEST

START_TEST(test_a_process_that_fails_again_at_once_still_owes_the_events)
{
    char *want;

    draw_sorted_log((uint64_t)_i);
    want = undisturbed();
    config.redeliver = MT_REDELIVER_DEFAULT;
    live(0, drawn_n / 2, true, (int64_t)time(NULL) * DRAWN_SECOND);
    ck_assert_int_eq(truncate(output, 0), 0); /* nothing of it has reached its output */
    live(drawn_n / 2, drawn_n / 2, true, 0);
    ck_assert_int_eq(truncate(output, 0), 0);
    live(drawn_n / 2, drawn_n / 2, true, 0);
    live(drawn_n / 2, ALL, false, 0);
    expect(want, true);
    free(want);
}
END_TEST

static size_t count_lines(const char *text)
{
    size_t n = 0;

    for (; *text; text++) {
        n += *text == '\n';
    }
    return n;
}

START_TEST(test_only_events_of_the_window_are_given_out_again)
{
    struct run run;
    char *before, *after;

    draw_sorted_log(1);
    config.redeliver = MT_REDELIVER_DEFAULT;
    if (fork() == 0) {
        run_open(&run);
        run_feed(&run, 0, drawn_n, (int64_t)time(NULL) * DRAWN_SECOND);
        raise(SIGKILL);
    }
    wait(NULL);
    before = events(false);
    ck_assert_int_eq(truncate(output, 0), 0);
    live(drawn_n, drawn_n, true, 0);
    after = events(false);
    ck_assert_uint_gt(count_lines(after), 0);
    ck_assert_uint_lt(count_lines(after), count_lines(before));
    expect_report("are sent again, with the same ids");
    free(before);
    free(after);
}
END_TEST

START_TEST(test_events_that_were_delivered_are_not_given_out_again)
{
    struct run run;
    char *want;

    draw_sorted_log(2);
    want = undisturbed();
    if (fork() == 0) {
        run_open(&run);
        run_feed(&run, 0, drawn_n / 2, 0);
        mt_state_delivered(run.state);
        raise(SIGKILL);
    }
    wait(NULL);
    live(drawn_n / 2, ALL, false, 0);
    expect(want, false);
    free(want);
}
END_TEST

START_TEST(test_notes_positions_and_order_are_kept)
{
    struct run run;

    draw_sorted_log(3);
    if (fork() == 0) {
        run_open(&run);
        mt_state_note(run.state, MT_LIT("what I know"));
        run_feed(&run, 0, 100, 0);
        mt_state_place(run.state, &(struct mt_place){7, 77});
        raise(SIGKILL);
    }
    wait(NULL);
    for (int round = 0; round < 3; round++) {
        run_open(&run);
        ck_assert(mt_slice_eq(mt_state_noted(run.state), MT_LIT("what I know")));
        ck_assert_uint_eq(mt_state_position(run.state, 3), 100);
        ck_assert_uint_eq(mt_state_position(run.state, 7), 77);
        ck_assert_uint_eq(mt_state_position(run.state, 8), 0);
        ck_assert_uint_eq(mt_state_order(run.state), 100);
        run_close(&run);
    }
}
END_TEST

START_TEST(test_files_are_renewed_and_stay_few)
{
    struct run run;
    struct mt_state_stats stats;
    char *want;

    draw_sorted_log(4);
    want = undisturbed();
    config.max_bytes = MT_STATE_LEAST;
    config.redeliver = MT_REDELIVER_DEFAULT;
    run_open(&run);
    run_feed(&run, 0, drawn_n / 2, 0);
    for (int i = 0; i < 100; i++) { /* repeats: they change nothing, but take room */
        run_feed(&run, 0, drawn_n / 2, 0);
    }
    mt_state_stats(run.state, &stats);
    ck_assert_uint_le(stats.bytes, MT_STATE_LEAST);
    run_close(&run);
    live(drawn_n / 2, ALL, false, 0);
    expect(want, true);
    free(want);
}
END_TEST

START_TEST(test_a_second_process_is_refused)
{
    struct mt_config engine;
    struct mt_shards *shards;
    struct run run;
    char why[300];

    run_open(&run);
    mt_config_default(&engine);
    shards = mt_shards_new(&engine, 1, emit);
    ck_assert_ptr_null(mt_state_open(&config, shards, why, sizeof why));
    ck_assert_ptr_nonnull(strstr(why, path));
    ck_assert_ptr_nonnull(strstr(why, "in use by another process"));
    mt_shards_free(shards);
    run_close(&run);
}
END_TEST

START_TEST(test_a_torn_tail_is_cut_off)
{
    char name[400], *want;
    int fd;
    struct run run;

    draw_sorted_log((uint64_t)_i);
    want = undisturbed();
    live(0, drawn_n / 2, true, 0);
    newest(name);
    fd = open(name, O_RDWR);
    /* behind the last record: the beginning of another one */
    ck_assert_int_eq(pwrite(fd, "\x40\0\0\0\1\0\0\0garbage-garbage-garbage", 30, used(fd) + 8), 30);
    close(fd);
    run_open(&run);
    expect_report("is torn");
    run_close(&run);
    live(drawn_n / 2, ALL, false, 0);
    expect(want, true);
    free(want);
}
END_TEST

START_TEST(test_damage_in_what_had_reached_the_disk_does_not_stop_the_rest)
{
    char name[400], aside[410], bytes[64];
    struct mt_state_stats stats;
    struct run run;
    int fd;

    draw_sorted_log((uint64_t)_i);
    config.sync = MT_SYNC_INTERVAL; /* the end of the process forces all of it to the disk */
    live(0, drawn_n, false, 0);
    newest(name);
    fd = open(name, O_RDWR);
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (char)draw(256);
    }
    ck_assert_int_eq(pwrite(fd, bytes, sizeof bytes, used(fd) / 12 * ((_i * 7 + 3) % 10 + 1)), sizeof bytes);
    close(fd);
    run_open(&run);
    mt_state_stats(run.state, &stats);
    expect_report("what could be read of it was read; kept aside as");
    ck_assert_uint_ge(stats.replayed, drawn_n - 3);
    run_feed(&run, 0, drawn_n, 0);
    run_close(&run);
    ck_assert_int_ne(access(name, F_OK), 0);
    snprintf(aside, sizeof aside, "%s.aside", name);
    ck_assert_int_eq(access(aside, F_OK), 0);
    live(drawn_n, ALL, false, 0); /* the new file is sound */
}
END_TEST

START_TEST(test_a_damaged_image_costs_what_was_in_it)
{
    char name[400];
    struct run run;
    int fd;

    draw_sorted_log((uint64_t)_i);
    run_open(&run);
    run_feed(&run, 0, drawn_n / 2, 0);
    for (int i = 0; i < 100; i++) { /* repeats, until there is an image with something in it */
        run_feed(&run, 0, drawn_n / 2, 0);
    }
    run_close(&run);
    newest(name);
    fd = open(name, O_RDWR);
    ck_assert_int_eq(pwrite(fd, "damage", 6, 4096 + 100), 6);
    close(fd);
    run_open(&run);
    expect_report("kept aside as");
    run_feed(&run, 0, drawn_n, 0);
    run_close(&run);
    live(drawn_n, ALL, false, 0);
}
END_TEST

START_TEST(test_a_file_of_another_version_is_kept_aside)
{
    char name[400], aside[410];
    struct run run;
    int fd;

    draw_sorted_log(1);
    live(0, 100, true, 0);
    newest(name);
    fd = open(name, O_RDWR);
    ck_assert_int_eq(pwrite(fd, "\7", 1, _i ? 12 : 8), 1);
    close(fd);
    run_open(&run);
    expect_report("of another version");
    run_close(&run);
    snprintf(aside, sizeof aside, "%s.aside", name);
    ck_assert_int_eq(access(aside, F_OK), 0);
}
END_TEST

START_TEST(test_a_full_disk_is_reported_once_and_made_up_for)
{
    struct run run;
    struct mt_state_stats stats;
    char *want, *all, *first;
    int status;

    draw_sorted_log(5);
    want = undisturbed();
    if (fork() == 0) {
        struct rlimit least = {1 << 20, RLIM_INFINITY}, most = {RLIM_INFINITY, RLIM_INFINITY};
        signal(SIGXFSZ, SIG_IGN);
        run_open(&run);
        setrlimit(RLIMIT_FSIZE, &least);
        do {
            run_feed(&run, 0, drawn_n / 4, 0);
            mt_state_stats(run.state, &stats);
        } while (!stats.unsaved);
        run_feed(&run, drawn_n / 4, drawn_n / 2, 0);
        setrlimit(RLIMIT_FSIZE, &most);
        sleep(MT_STATE_RETRY / DRAWN_SECOND + 1);
        mt_state_tick(run.state, run.shards, 0);
        run_feed(&run, drawn_n / 2, drawn_n - 20, 0);
        raise(SIGKILL);
    }
    wait(&status);
    ck_assert(WIFSIGNALED(status));
    live(drawn_n - 20, ALL, false, 0);
    all = read_file(reports);
    first = strstr(all, "kept in memory only");
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_null(strstr(first + 1, "kept in memory only"));
    ck_assert_ptr_nonnull(strstr(all, "written again"));
    free(all);
    expect(want, true);
    free(want);
}
END_TEST

START_TEST(test_without_a_state_lines_go_to_the_correlator)
{
    struct run run = {.out = open("/dev/null", O_WRONLY)};
    struct mt_config engine;
    struct mt_stats stats;

    draw_sorted_log(6);
    mt_config_default(&engine);
    run.shards = mt_shards_new(&engine, 2, emit);
    ck_assert(mt_state_recover(NULL, 1));
    run_feed(&run, 0, 100, 0);
    mt_state_tick(NULL, run.shards, 1);
    mt_state_delivered(NULL);
    mt_shards_stats(run.shards, &stats);
    ck_assert_uint_eq(stats.lines, 100);
    ck_assert(!mt_state_sync_begin(NULL, NULL));
    mt_state_close(NULL, true);
    mt_shards_free(run.shards);
    close(run.out);
}
END_TEST

Suite *mt_suite_state(void)
{
    Suite *suite = suite_create("state");
    TCase *state = tcase_create("state");

    tcase_add_checked_fixture(state, state_setup, state_teardown);
    tcase_set_timeout(state, 60);
    tcase_add_loop_test(state, test_killed_anywhere_every_event_comes_and_repeats_are_the_same, 0, 5);
    tcase_add_test(state, test_killed_behind_new_files_nothing_is_lost);
    tcase_add_loop_test(state, test_after_a_clean_end_nothing_is_given_out_twice, 0, 3);
    tcase_add_loop_test(state, test_lines_read_again_after_a_restart_change_nothing, 0, 3);
    tcase_add_loop_test(state, test_a_process_that_fails_again_at_once_still_owes_the_events, 0, 3);
    tcase_add_test(state, test_only_events_of_the_window_are_given_out_again);
    tcase_add_test(state, test_events_that_were_delivered_are_not_given_out_again);
    tcase_add_test(state, test_notes_positions_and_order_are_kept);
    tcase_add_test(state, test_files_are_renewed_and_stay_few);
    tcase_add_test(state, test_a_second_process_is_refused);
    tcase_add_loop_test(state, test_a_torn_tail_is_cut_off, 0, 5);
    tcase_add_loop_test(state, test_damage_in_what_had_reached_the_disk_does_not_stop_the_rest, 0,
                        getenv("MAILTRACE_LONG") ? 10 : 3);
    tcase_add_test(state, test_a_damaged_image_costs_what_was_in_it);
    tcase_add_loop_test(state, test_a_file_of_another_version_is_kept_aside, 0, 2);
    tcase_add_test(state, test_a_full_disk_is_reported_once_and_made_up_for);
    tcase_add_test(state, test_without_a_state_lines_go_to_the_correlator);
    suite_add_tcase(suite, state);
    return suite;
}
