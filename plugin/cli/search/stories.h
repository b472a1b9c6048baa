/* Messages made of the lines that were gathered, joined with one another: the engine's events, each with
 * its deliveries, and which message goes on as which.
 */
#ifndef MT_CLI_SEARCH_STORIES_H
#define MT_CLI_SEARCH_STORIES_H

#include "mailtrace/correlate.h"
#include "related_lines.h"

#define CLI_NO_MESSAGE UINT32_MAX

/* An event that stays. */
struct cli_event {
    enum mt_event_kind kind;
    uint64_t have[2];
    union mt_value *v; /* of the fields that are set, in order */
    struct mt_recipient *recipients;
    size_t nrecipients;
    void *memory; /* all of it */
};

struct cli_delivery {
    struct cli_event event;
    uint32_t following; /* the next delivery of the same message; CLI_NO_MESSAGE: none */
    uint32_t next;      /* message that goes on with it */
};

enum cli_link {
    CLI_LINK_NONE,
    CLI_LINK_HOP,    /* handed on: next_queue_id */
    CLI_LINK_MADE,   /* made here out of the other: parent_queue_id */
    CLI_LINK_BOUNCE, /* a notification about the other */
};

struct cli_message {
    struct cli_event event;
    int64_t first, last; /* usec */
    uint32_t key, id;    /* of (host, instance, queue ID), and of the queue ID: numbers */
    uint32_t deliveries; /* the first */
    uint32_t parent;     /* message that it comes from */
    enum cli_link link;  /* how */
    uint32_t child;      /* the first message that comes from it */
    uint32_t sibling;    /* the next one that comes from the same */
    uint32_t same;       /* the next message with the same queue ID */
    bool wanted;         /* meets the criteria */
    bool told;
};

/* A line that was fed, and which of gather's lines it is. */
struct cli_fed {
    struct mt_line line;
    size_t place;
};

struct cli_stories {
    const struct cli_options *options;
    const struct cli_related *gather;
    bool follow;         /* tell the stories of the hops that follow, too: the caller's choice */
    struct cli_fed *fed; /* by time */
    uint32_t *lines;     /* by number of the queue ID in gather: the first of fed */
    uint32_t *next_line; /* by place in fed: the next with the same queue ID */
    struct cli_message *messages;
    struct cli_delivery *deliveries;
    struct cli_event *others; /* rejects and sessions that meet the criteria, by themselves */
    uint32_t nmessages, ndeliveries, nothers;
    uint32_t messages_room, deliveries_room, others_room;
    struct cli_numbered_texts keys, ids;
    uint32_t *open;  /* by key: deliveries whose message has not come yet */
    uint32_t *of_id; /* by id: the first message */
    uint32_t nopen, nof_id;
    bool failed; /* memory was short: said so */
};

void cli_stories_start(struct cli_stories *stories, const struct cli_options *options,
                       const struct cli_related *gather);

/* Keeps a reject or session. */
void cli_stories_other(struct cli_stories *stories, const struct mt_event *event);

/* Reads the lines of gather and joins what they tell. */
void cli_stories_make(struct cli_stories *stories);
void cli_stories_free(struct cli_stories *stories);

/* Copies an event. False: no memory. */
bool cli_event_keep(struct cli_event *kept, const struct mt_event *event);

/* The event as the engine gave it, with its fields in *out; valid as long as the event. */
void cli_event_open(const struct cli_event *event, struct mt_event *out);

/* The message that the story of a wanted one begins with: the first hop that is known. */
uint32_t cli_stories_origin(const struct cli_stories *stories, uint32_t message);

#endif
