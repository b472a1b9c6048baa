/* The schemas by name. */
#include "schema.h"

static const struct mt_schema *const schemas[] = {
#define ROW(name) &mt_schema_##name,
    MT_SCHEMAS(ROW)
#undef ROW
};

const char mt_schema_list[] = "native, ecs, ocsf, cim, otlp";

const struct mt_schema *mt_schema_find(struct mt_slice name)
{
    for (size_t i = 0; i < sizeof schemas / sizeof *schemas; i++) {
        if (mt_slice_eq(name, mt_slice_str(schemas[i]->name))) {
            return schemas[i];
        }
    }
    return NULL;
}
