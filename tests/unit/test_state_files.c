/* The files of the state: which are refused, what is believed of one that is damaged, what is noticed of one that is lost, and
 * how much of them there is.
 */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "drawn.h"
#include "state/form.h"
#include "state/mark.h"
#include "state_process.h"
#include "suites.h"

static const char foreign[] = "Dec  1 10:00:00 mx1 postfix/qmgr[1]: 4A: removed\n";

static void write_file(const char *name, const char *text)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void expect_content(const char *name, const char *text)
{
    char *got = read_file(name);

    ck_assert_str_eq(got, text);
    free(got);
}

static void expect_refused(const char *text)
{
    struct mt_config engine;
    struct mt_shards *shards;
    char why[300];

    mt_config_default(&engine);
    shards = mt_shards_new(&engine, 1, emit);
    ck_assert_ptr_null(mt_state_open(&config, shards, why, sizeof why));
    ck_assert_msg(strstr(why, path) && strstr(why, text), "no \"%s\" in: %s", text, why);
    mt_shards_free(shards);
}

/* --- what is refused --- */

START_TEST(test_a_file_that_is_not_ours_is_refused_and_not_touched)
{
    write_file(path, foreign);
    expect_refused("is no state of mailtrace");
    expect_content(path, foreign);
    write_file(path, "x"); /* shorter than any mark */
    expect_refused("is no state of mailtrace");
    expect_content(path, "x");
}
END_TEST

START_TEST(test_files_of_another_kind_are_refused)
{
    char elsewhere[200];

    ck_assert_int_eq(mkfifo(path, 0600), 0);
    expect_refused("is no regular file");
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(mkdir(path, 0700), 0);
    expect_refused(strerror(EISDIR));
    ck_assert_int_eq(rmdir(path), 0);
    snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", directory);
    write_file(elsewhere, "");
    ck_assert_int_eq(symlink(elsewhere, path), 0);
    expect_refused("is a symbolic link");
    expect_content(elsewhere, "");
}
END_TEST

START_TEST(test_files_that_others_may_write_to_are_refused)
{
    live(0, 0, false, 0);
    ck_assert_int_eq(chmod(path, 0666), 0);
    expect_refused("may be written to by others");
    ck_assert_int_eq(chmod(path, 0620), 0);
    expect_refused("may be written to by others");
    ck_assert_int_eq(chmod(path, 0640), 0);
    live(0, 0, false, 0);
}
END_TEST

START_TEST(test_files_of_others_are_refused)
{
    if (geteuid() != 0) {
        return;
    }
    live(0, 0, false, 0);
    ck_assert_int_eq(chown(path, 65534, 65534), 0);
    expect_refused("belongs to another user");
    ck_assert_int_eq(chown(directory, 65534, 65534), 0); /* a daemon that has given up its privileges since */
    live(0, 0, false, 0);
}
END_TEST

/* Files with the name of a segment. */
START_TEST(test_segments_that_cannot_be_ours_are_not_read)
{
    struct run run;
    struct stat st;
    char name[400], aside[410], other[200], unfinished[200];

    snprintf(name, sizeof name, "%s.00000003", path);
    snprintf(aside, sizeof aside, "%s.aside", name);
    snprintf(other, sizeof other, "%s.20261201", path);
    snprintf(unfinished, sizeof unfinished, "%s.20261202.new", path);
    ck_assert_int_eq(mkfifo(name, 0600), 0);
    write_file(other, foreign);
    write_file(unfinished, foreign);
    draw_sorted_log(1);
    run_open(&run);
    run_feed(&run, 0, drawn_n, 0);
    run_close(&run);
    expect_report("state.00000003: is no regular file; kept aside as");
    ck_assert(lstat(aside, &st) == 0 && S_ISFIFO(st.st_mode));
    expect_report("state.20261201: is no state of mailtrace: it is not touched");
    expect_content(other, foreign);
    expect_content(unfinished, foreign);
    newest(name);
    ck_assert_ptr_nonnull(strstr(name, "20261203"));
    ck_assert_int_eq(chmod(name, 0666), 0);
    run_open(&run);
    run_close(&run);
    expect_report("state.20261203: may be written to by others; kept aside as");
}
END_TEST

/* --- what is believed --- */

static uint64_t restarted(void)
{
    struct mt_state_stats stats;
    struct run run;

    run_open(&run);
    mt_state_stats(run.state, &stats);
    run_close(&run);
    return stats.replayed;
}

START_TEST(test_what_stands_behind_a_hole_of_the_unsynced_tail_is_not_used)
{
    char name[400], zero[MT_PAGE] = "";
    uint64_t replayed;
    int fd;

    draw_sorted_log((uint64_t)_i);
    live(0, drawn_n, true, 0);
    newest(name);
    fd = open(name, O_RDWR);
    ck_assert_int_eq(pwrite(fd, zero, sizeof zero, used(fd) / 2 / MT_PAGE * MT_PAGE), sizeof zero);
    close(fd);
    replayed = restarted();
    expect_report("the journal is torn");
    ck_assert_uint_gt(replayed, drawn_n / 4);
    ck_assert_uint_lt(replayed, drawn_n * 3 / 4);
    ck_assert_uint_eq(restarted(), replayed); /* it has gone */
}
END_TEST

/* The place of the last record of a file that begins before `before`. */
static uint64_t last_record(const char *name, uint64_t before)
{
    struct mt_view view;
    struct mt_view_record record;
    const char *why;
    uint64_t at, last = 0, torn;

    ck_assert_int_eq(mt_view_open(&view, name, &why), MT_VIEW_GOOD);
    at = view.begin;
    while (mt_view_next(&view, &at, &record, &torn) && record.at < before) {
        last = record.at - sizeof(struct mt_record_head);
    }
    mt_view_close(&view);
    return last;
}

START_TEST(test_a_journal_that_is_cut_between_two_records_is_reported)
{
    char name[400], *all;

    draw_sorted_log((uint64_t)_i);
    config.sync = _i % 2 ? MT_SYNC_OFF : MT_SYNC_INTERVAL;
    live(0, drawn_n, false, 0);
    restarted();
    all = read_file(reports);
    ck_assert_str_eq(all, "");
    free(all);
    newest(name);
    ck_assert_int_eq(truncate(name, (off_t)last_record(name, UINT64_MAX)), 0);
    restarted();
    expect_report("bytes are missing at the end");
}
END_TEST

START_TEST(test_a_lost_segment_is_reported)
{
    char name[400];

    draw_sorted_log(1);
    live(0, drawn_n, false, 0);
    newest(name);
    ck_assert_int_eq(unlink(name), 0);
    restarted();
    expect_report("state.00000001: is missing");
}
END_TEST

/* Where an older file is damaged, the image of the next one says more than lines behind a gap would. */
START_TEST(test_behind_a_damaged_segment_the_next_image_counts)
{
    char *want, name[400];
    struct run run;
    pid_t child;
    int fd;

    draw_sorted_log((uint64_t)_i);
    want = undisturbed();
    config.redeliver = MT_REDELIVER_DEFAULT;
    child = fork();
    if (child == 0) {
        run_open(&run);
        run_feed(&run, 0, drawn_n / 2, 0);
        for (newest(name); strstr(name, "00000001"); newest(name)) { /* repeats, until there is another file */
            run_feed(&run, 0, drawn_n / 2, 0);
        }
        raise(SIGKILL);
    }
    waitpid(child, NULL, 0);
    snprintf(name, sizeof name, "%s.00000001", path);
    fd = open(name, O_RDWR);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, "damage", 6, (off_t)last_record(name, 100000)), 6);
    close(fd);
    live(drawn_n / 2, ALL, false, 0);
    expect_report("state.00000001");
    expect(want, true);
    free(want);
}
END_TEST

/* --- earlier versions --- */

/* They had the newest part of the journal in the file PATH. */
struct window_head {
    uint64_t magic, segment, nonce, at, check;
};

#define WINDOW_SIZE (1 << 20)

START_TEST(test_the_window_of_an_earlier_version_is_read)
{
    struct window_head head = {.magic = UINT64_C(0x776f646e6977746d)};
    struct mt_segment_head segment;
    char name[400], *want, *window = calloc(1, WINDOW_SIZE);
    int fd, to;

    draw_sorted_log((uint64_t)_i);
    want = undisturbed();
    live(0, drawn_n / 2, true, 0);
    newest(name);
    fd = open(name, O_RDWR);
    ck_assert_int_eq(pread(fd, &segment, sizeof segment, 0), sizeof segment);
    head.segment = segment.number;
    head.nonce = segment.nonce;
    head.at = last_record(name, 20000 * (uint64_t)(_i + 1));
    head.check = XXH3_64bits(&head, offsetof(struct window_head, check)) | 1;
    ck_assert_int_gt(pread(fd, window, WINDOW_SIZE, (off_t)head.at), 20000);
    ck_assert_int_eq(ftruncate(fd, (off_t)head.at), 0);
    to = open(path, O_RDWR | O_TRUNC);
    ck_assert_int_eq(pwrite(to, &head, sizeof head, 0), sizeof head);
    ck_assert_int_eq(pwrite(to, window, WINDOW_SIZE, 4096), WINDOW_SIZE);
    close(fd);
    close(to);
    live(drawn_n / 2, ALL, false, 0);
    expect(want, true);
    free(want);
    free(window);
}
END_TEST

/* --- what is noticed --- */

static void lose(int how)
{
    char name[400], elsewhere[410];

    newest(name);
    snprintf(elsewhere, sizeof elsewhere, "%s-elsewhere", name);
    switch (how) {
    case 0:
        ck_assert_int_eq(unlink(name), 0);
        break;
    case 1: /* replaced */
        ck_assert_int_eq(rename(name, elsewhere), 0);
        write_file(name, foreign);
        break;
    case 2:
        ck_assert_int_eq(unlink(path), 0);
        break;
    default:
        ck_assert_int_eq(unlink(name), 0);
        ck_assert_int_eq(unlink(path), 0);
        break;
    }
}

START_TEST(test_a_file_that_is_lost_is_noticed_and_nothing_else_is)
{
    char *want, *all, *first;
    pid_t child;

    draw_sorted_log(5);
    want = undisturbed();
    child = fork();
    if (child == 0) {
        struct run run;
        run_open(&run);
        run_feed(&run, 0, drawn_n / 4, 0);
        lose(_i);
        mt_state_tick(run.state, run.shards, 0);
        mt_state_tick(run.state, run.shards, 0);
        run_feed(&run, drawn_n / 4, drawn_n / 2, 0);
        raise(SIGKILL);
    }
    waitpid(child, NULL, 0);
    live(drawn_n / 2, ALL, false, 0);
    all = read_file(reports);
    first = strstr(all, "was removed or replaced");
    ck_assert_msg(first, "%s", all);
    ck_assert_ptr_null(strstr(first + 1, "was removed or replaced"));
    free(all);
    expect(want, true);
    free(want);
}
END_TEST

START_TEST(test_a_place_that_another_process_has_taken_is_left_to_it)
{
    struct run run, other;

    draw_sorted_log(5);
    run_open(&run);
    run_feed(&run, 0, 100, 0);
    ck_assert_int_eq(unlink(path), 0);
    run_open(&other);
    mt_state_tick(run.state, run.shards, 0);
    expect_report("kept in memory only");
    run_feed(&run, 100, 200, 0);
    run_close(&run);
    run_close(&other);
}
END_TEST

/* --- how much there is --- */

static uint64_t on_disk(void)
{
    DIR *dir = opendir(directory);
    const struct dirent *entry;
    uint64_t sum = 0;
    char name[400];
    struct stat st;

    while (dir && (entry = readdir(dir))) {
        snprintf(name, sizeof name, "%s/%s", directory, entry->d_name);
        if (strncmp(entry->d_name, "state", 5) == 0 && stat(name, &st) == 0) {
            sum += (uint64_t)st.st_size;
        }
    }
    closedir(dir);
    return sum;
}

START_TEST(test_what_lies_on_disk_is_in_proportion_to_what_is_open)
{
    struct mt_state_stats stats;
    struct run run;
    char name[400];

    draw_sorted_log(4);
    config.redeliver = _i ? MT_REDELIVER_UNMARKED : INT64_C(86400) * DRAWN_SECOND;
    run_open(&run);
    do { /* repeats: they change nothing, but take room */
        run_feed(&run, 0, drawn_n, 0);
        mt_state_stats(run.state, &stats);
        ck_assert_uint_le(on_disk(), UINT64_C(32) << 20);
        ck_assert_uint_eq(on_disk(), stats.bytes);
        newest(name);
    } while (!strstr(name, "00000005"));
    run_close(&run);
}
END_TEST

Suite *mt_suite_state_files(void)
{
    Suite *suite = suite_create("state_files");
    TCase *files = tcase_create("state_files");

    tcase_add_checked_fixture(files, state_setup, state_teardown);
    tcase_set_timeout(files, 60);
    tcase_add_test(files, test_a_file_that_is_not_ours_is_refused_and_not_touched);
    tcase_add_test(files, test_files_of_another_kind_are_refused);
    tcase_add_test(files, test_files_that_others_may_write_to_are_refused);
    tcase_add_test(files, test_files_of_others_are_refused);
    tcase_add_test(files, test_segments_that_cannot_be_ours_are_not_read);
    tcase_add_loop_test(files, test_what_stands_behind_a_hole_of_the_unsynced_tail_is_not_used, 0, 3);
    tcase_add_loop_test(files, test_a_journal_that_is_cut_between_two_records_is_reported, 0, 2);
    tcase_add_test(files, test_a_lost_segment_is_reported);
    tcase_add_loop_test(files, test_behind_a_damaged_segment_the_next_image_counts, 0, 2);
    tcase_add_loop_test(files, test_the_window_of_an_earlier_version_is_read, 0, 2);
    tcase_add_loop_test(files, test_a_file_that_is_lost_is_noticed_and_nothing_else_is, 0, 4);
    tcase_add_test(files, test_a_place_that_another_process_has_taken_is_left_to_it);
    tcase_add_loop_test(files, test_what_lies_on_disk_is_in_proportion_to_what_is_open, 0, 2);
    suite_add_tcase(suite, files);
    return suite;
}
