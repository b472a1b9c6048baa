/* A made-up log, drawn by a seed: see drawn.c. */
#ifndef MT_DRAWN_H
#define MT_DRAWN_H

#include <stddef.h>
#include <stdint.h>

#define DRAWN_SECOND 1000000

/* A line, and the time at which it is to be fed. */
struct drawn {
    int64_t usec, fed;
    uint64_t place; /* in the log */
    char text[400];
};

/* Room for every line twice. */
extern struct drawn drawn_lines[];
extern size_t drawn_n;

/* Makes a log of one host and half a minute, its messages in order, their lines one behind the other. */
void draw_log(uint64_t seed);

/* The same, in order of time. */
void draw_sorted_log(uint64_t seed);

/* A number below `below`: the same ones for the same seed. */
unsigned draw(unsigned below);

/* How many seeds to draw from: all, or MAILTRACE_ROUNDS of the environment if that is less. */
int draw_rounds(int all);

#endif
