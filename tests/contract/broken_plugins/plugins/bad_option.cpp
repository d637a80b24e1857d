#include "sound.h"

BROKEN_EXPORT const tandem_descriptor* tandem_plugin_v1() {
    static const tandem_option port{
        sizeof(tandem_option), TANDEM_OPTION_INTEGER,   0, 0, sound::text("port"),
        sound::text("many"),   sound::text("The port.")};
    static const tandem_option* const options[] = {&port};
    static const tandem_descriptor mine = [] {
        tandem_descriptor made = sound::descriptor("com.example.option");
        made.options = options;
        made.option_count = 1;
        return made;
    }();
    return &mine;
}
