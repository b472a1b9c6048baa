#include "trace.h"

void cli_trace_event(struct cli_output *output, const struct mt_kept_event *kept)
{
    struct mt_event event;

    mt_kept_event_open(kept, &event);
    cli_output_line(output, mt_event_json(&event, &output->buffer));
}

void cli_trace_entry(struct cli_output *output, const struct mt_stories *stories, uint32_t entry)
{
    const struct mt_entry *e = mt_stories_entry(stories, entry);

    for (uint32_t i = e->remarks; i != MT_NONE; i = mt_stories_remark(stories, i)->next) {
        cli_trace_event(output, &mt_stories_remark(stories, i)->event);
    }
    for (uint32_t i = 0; i < e->ndeliveries; i++) {
        cli_trace_event(output, &mt_stories_delivery(stories, e->deliveries + i)->event);
    }
    cli_trace_event(output, &e->event);
}

void cli_trace_story(struct cli_output *output, const struct mt_story *story)
{
    for (uint32_t i = 0; i < story->n; i++) {
        cli_trace_entry(output, story->stories, story->entries[i]);
    }
    cli_output_line(output, mt_story_json(story, &output->buffer));
}
