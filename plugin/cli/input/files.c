#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool append(struct cli_files *files, const char *path, const char *name, int copy)
{
    struct cli_file *v = realloc(files->v, (files->n + 1) * sizeof *v);

    if (v) {
        files->v = v;
        v[files->n] = (struct cli_file){strdup(path), strdup(name), copy, false, {0}};
        if (v[files->n].path && v[files->n].name) {
            files->n++;
            return true;
        }
        free(v[files->n].path);
        free(v[files->n].name);
    }
    cli_error("%s", strerror(ENOMEM));
    return false;
}

static void complain(struct cli_files *files, const char *name, const char *why)
{
    cli_error("%s: %s", name, why);
    files->failed = true;
}

/* ---- what cannot be read twice ---- */

static int unnamed_file(void)
{
    const char *folder = getenv("TMPDIR");
    char path[4096];
    int fd;

    snprintf(path, sizeof path, "%s/mailtrace.XXXXXX", folder && *folder ? folder : "/tmp");
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0) {
        unlink(path);
    }
    return fd;
}

static bool write_all(int fd, struct mt_slice s)
{
    while (s.n) {
        ssize_t n = write(fd, s.p, s.n);
        if (n > 0) {
            s = mt_slice_skip(s, (size_t)n);
        } else if (n < 0 && errno != EINTR) {
            return false;
        }
    }
    return true;
}

static bool copy_to(int fd, const char *name)
{
    struct cli_input input;
    struct mt_slice block;
    enum cli_got got = CLI_GOT_ERROR;

    if (!cli_input_open(&input, name, NULL)) {
        return false;
    }
    while ((got = cli_input_block(&input, SIZE_MAX / 4, &block)) == CLI_GOT_LINE) {
        if (!write_all(fd, block)) {
            cli_error("%s: %s", input.name, strerror(errno));
            got = CLI_GOT_ERROR;
            break;
        }
    }
    cli_input_close(&input);
    return got == CLI_GOT_END;
}

static bool add_copy(struct cli_files *files, const char *name)
{
    char path[64];
    int fd = unnamed_file();

    if (fd < 0) {
        complain(files, name, strerror(errno));
        return true;
    }
    files->failed |= !copy_to(fd, name);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (append(files, path, strcmp(name, "-") == 0 ? "standard input" : name, fd)) {
        return true;
    }
    close(fd);
    return false;
}

/* ---- names ---- */

static bool add_one(struct cli_files *files, const char *name)
{
    struct stat st;

    if (strcmp(name, "-") == 0) {
        return add_copy(files, name);
    }
    if (stat(name, &st) != 0) {
        complain(files, name, strerror(errno));
        return true;
    }
    return S_ISREG(st.st_mode) || S_ISDIR(st.st_mode) ? append(files, name, name, -1) : add_copy(files, name);
}

static bool add_matching(struct cli_files *files, const char *pattern)
{
    glob_t found = {0};
    bool good = true;

    if (glob(pattern, 0, NULL, &found) != 0) {
        complain(files, pattern, "no file matches");
    }
    for (size_t i = 0; good && i < found.gl_pathc; i++) {
        good = add_one(files, found.gl_pathv[i]);
    }
    globfree(&found);
    return good;
}

bool cli_files_add(struct cli_files *files, char **names, int n)
{
    for (int i = 0; i < n; i++) {
        bool pattern = strpbrk(names[i], "*?[") && access(names[i], F_OK) != 0;
        if (!(pattern ? add_matching(files, names[i]) : add_one(files, names[i]))) {
            return false;
        }
    }
    return true;
}

void cli_files_free(struct cli_files *files)
{
    for (size_t i = 0; i < files->n; i++) {
        free(files->v[i].path);
        free(files->v[i].name);
        if (files->v[i].copy >= 0) {
            close(files->v[i].copy);
        }
    }
    free(files->v);
    *files = (struct cli_files){0};
}
