/* mailtrace: the table of its subcommands, and what they all need. */
#include "cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "show/progress.h"

#ifndef MT_VERSION
#define MT_VERSION "unknown"
#endif

volatile sig_atomic_t cli_stop;

static const struct command {
    const char *name, *help;
    enum cli_code (*run)(int argc, char **argv);
} commands[] = {
    {"events", "turn log lines into events: deliveries, messages, rejects, sessions", cli_events},
    {"lines", "show what each log line says, by itself", cli_lines},
    {"find", "find messages in logs and tell what became of each", cli_find},
    {"causes", "list the commonest failures of which no cause is known", cli_causes},
    {"received", "show the route of a mail by its Received: headers", cli_received},
};

#define COMMANDS (sizeof commands / sizeof *commands)

void cli_error(const char *format, ...)
{
    va_list args;

    flockfile(stderr); /* there may be another thread */
    cli_progress_clear();
    fputs("mailtrace: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    funlockfile(stderr);
}

static void take_signal(int number)
{
    cli_stop = number;
}

void cli_catch_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM};
    struct sigaction action = {.sa_handler = take_signal, .sa_flags = (int)SA_RESETHAND}, before;

    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        /* what is ignored stays so: a shell's background job */
        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN) {
            sigaction(signals[i], &action, NULL);
        }
    }
}

int cli_end_by_signal(void)
{
    signal(cli_stop, SIG_DFL);
    raise(cli_stop);
    return 128 + cli_stop;
}

int64_t cli_now(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* What was printed by stdio must have got out, too. */
static int end_of_stdout(void)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        cli_error("standard output: %s", strerror(errno));
        return CLI_FAILED;
    }
    return CLI_OK;
}

static int print_help(void)
{
    puts("Usage: mailtrace COMMAND [OPTION]... [FILE]...\n"
         "Turn the logs of mail servers into JSON.\n\n"
         "Commands:");
    for (size_t i = 0; i < COMMANDS; i++) {
        printf("  %-8s %s\n", commands[i].name, commands[i].help);
    }
    puts("\n"
         "  mailtrace COMMAND --help   the options of a command\n"
         "  mailtrace --version        the version\n\n"
         "Exit codes: 0 all is well; 1 something could not be read or written; 2 wrong usage.");
    return end_of_stdout();
}

static int print_version(void)
{
    puts("mailtrace " MT_VERSION);
    return end_of_stdout();
}

static int run(const struct command *command, int argc, char **argv)
{
    char name[64];
    int code;

    snprintf(name, sizeof name, "mailtrace %s", command->name);
    argv[0] = name; /* getopt_long() puts it before its messages */
    code = command->run(argc, argv);
    if (cli_stop) {
        return cli_end_by_signal();
    }
    return code == CLI_OK ? end_of_stdout() : code;
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "";

    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
        return print_help();
    }
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
        return print_version();
    }
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(word, commands[i].name) == 0) {
            return run(&commands[i], argc - 1, argv + 1);
        }
    }
    if (*word == '\0') {
        cli_error("the command is missing");
    } else {
        cli_error("%s: no such %s", word, *word == '-' ? "option" : "command");
    }
    fputs("Try 'mailtrace --help'.\n", stderr);
    return CLI_USAGE;
}
