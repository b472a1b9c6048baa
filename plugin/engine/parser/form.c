#include "form.h"

bool mt_form_plain(struct mt_record *rec, const struct mt_form *form, struct mt_slice text, struct mt_slice rest)
{
    (void)rest;
    rec->kind = form->kind;
    mt_set(&rec->f, MT_F_TEXT, text);
    mt_form_trouble(rec, form->trouble);
    return true;
}

void mt_form_refuse(struct mt_record *rec, enum mt_effect effect)
{
    static const struct mt_slice stages[] = {MT_TEXT("DATA"), MT_TEXT("BDAT"), MT_TEXT("END-OF-MESSAGE")};
    struct mt_slice stage = mt_get(&rec->f, MT_F_STAGE);

    for (size_t i = 0; effect == MT_EFFECT_REFUSES_RECIPIENT && i < sizeof stages / sizeof *stages; i++) {
        if (mt_slice_eq(stage, stages[i])) {
            effect = MT_EFFECT_REFUSES_MESSAGE;
        }
    }
    rec->effect = (uint8_t)effect;
}
