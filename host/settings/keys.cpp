#include "settings/keys.h"

#include <algorithm>

#include "settings/forms.h"

namespace tandem::settings {

namespace {

using domain::Organization;

template <typename Owner, typename Slots>
Key<Owner> text(std::string_view path, Slots slot, bool (*fits)(std::string&),
                std::string_view expected, std::string_view meaning, bool required = false) {
    return {path, slot, expected, meaning, fits, 0, 0, {}, required};
}

template <typename Owner = Settings, typename Slots>
Key<Owner> number(std::string_view path, Slots slot, uint64_t least, uint64_t most,
                  std::string_view meaning) {
    return {path, slot, "", meaning, nullptr, least, most, {}, false};
}

Key<Organization> money(std::string_view path, Slot (*slot)(Organization& one), uint64_t most,
                        std::string_view meaning) {
    return {path, slot, "", meaning, nullptr, 0, most, {}, false};
}

constexpr uint64_t gibibyte = 1ull << 30;
constexpr uint64_t million = 1000000;

std::vector<Key<Settings>> server_keys() {
    return {
        text<Settings>(
            "server.listen", [](Settings& s) -> Slot { return &s.server.listen; }, fit_endpoint,
            "HOST:PORT or a list of them, such as 127.0.0.1:8080 or \"[::]:8080\"",
            "Where the gateway listens; port 0 picks one and logs it."),
        text<Settings>(
            "server.public_url", [](Settings& s) -> Slot { return &s.server.public_url; },
            fit_public_url, "an http or https URL without query, such as https://gw.example.com",
            "What providers were told to call; signatures are checked against it."),
        text<Settings>(
            "server.tls.certificate", [](Settings& s) -> Slot { return &s.server.tls_certificate; },
            fit_absolute_path, "the absolute path of a PEM file",
            "The certificate chain, read again on SIGHUP; usually a proxy does TLS."),
        text<Settings>(
            "server.tls.key", [](Settings& s) -> Slot { return &s.server.tls_key; },
            fit_absolute_path, "the absolute path of a PEM file",
            "The certificate's key, read again with it; a group may read it, nobody else."),
        text<Settings>(
            "server.trusted_proxies", [](Settings& s) -> Slot { return &s.server.trusted_proxies; },
            fit_network, "a list of addresses or networks, such as 127.0.0.1/32",
            "Whose X-Forwarded-For is believed."),
        text<Settings>(
            "server.metrics_from", [](Settings& s) -> Slot { return &s.server.metrics_from; },
            fit_network, "a list of addresses or networks, such as 10.0.0.0/8",
            "Who reads /metrics without a token, beside loopback."),
        number(
            "server.workers", [](Settings& s) -> Slot { return &s.server.workers; }, 0, 1024,
            "Threads that run handlers; 0 lets the machine's size decide."),
        text<Settings>(
            "server.query_tokens", [](Settings& s) -> Slot { return &s.server.query_tokens; },
            nullptr, "true or false", "Whether streams take ?token= (kept for older front ends)."),
        text<Settings>(
            "server.cors_origins", [](Settings& s) -> Slot { return &s.server.cors_origins; },
            fit_origin, "a list of origins, such as https://desk.example.com",
            "Front ends on other hosts that may call the API."),
        text<Settings>(
            "server.control", [](Settings& s) -> Slot { return &s.server.control; },
            fit_absolute_path, "the absolute path of a socket, such as /run/tandem/control.sock",
            "Where tandemctl reaches the running gateway; only root and the gateway's own user."),
    };
}

std::vector<Key<Settings>> part_keys() {
    return {
        text<Settings>(
            "storage.plugin", [](Settings& s) -> Slot { return &s.storage.plugin; },
            fit_plugin_name, "a plugin's name, such as sqlite", "Which store keeps everything."),
        text<Settings>(
            "storage.options", [](Settings& s) -> Slot { return &s.storage.options; }, nullptr,
            "a block of the plugin's options", "As the plugin describes them."),
        text<Settings>(
            "bus.plugin", [](Settings& s) -> Slot { return &s.bus.plugin; }, fit_plugin_name,
            "a plugin's name, such as local", "How nodes tell each other of new events."),
        text<Settings>(
            "bus.options", [](Settings& s) -> Slot { return &s.bus.options; }, nullptr,
            "a block of the plugin's options", "As the plugin describes them."),
        text<Settings>(
            "plugins.directories", [](Settings& s) -> Slot { return &s.plugins.directories; },
            fit_absolute_path, "a list of absolute paths without `..`",
            "Where plugins are; by default ../lib/tandem/plugins beside the program."),
        number(
            "plugins.trusted_uid", [](Settings& s) -> Slot { return &s.plugins.trusted_uid; }, 0,
            4294967294, "Who else but root may own a plugin (for building from source)."),
    };
}

std::vector<Key<Settings>> behaviour_keys() {
    return {
        number(
            "conversation.history_limit",
            [](Settings& s) -> Slot { return &s.conversation.history_limit; }, 1, 1000,
            "Messages in a conversation_history; also the most the AI is shown."),
        number(
            "conversation.coalesce_ms",
            [](Settings& s) -> Slot { return &s.conversation.coalesce_ms; }, 0, 600000,
            "How long the AI waits for the customer's next message, in milliseconds."),
        number(
            "conversation.late_s", [](Settings& s) -> Slot { return &s.conversation.late_s; }, 60,
            604800, "A text learnt of more seconds late is not answered by the AI but by a human."),
        number(
            "conversation.reconcile_s",
            [](Settings& s) -> Slot { return &s.conversation.reconcile_s; }, 0, 86400,
            "Every how many seconds providers are asked what was missed; 0: never."),
        number(
            "conversation.human_control_idle_s",
            [](Settings& s) -> Slot { return &s.conversation.human_control_idle_s; }, 1, 2592000,
            "After how many idle seconds a human's control ends by itself."),
        number(
            "conversation.message_validity_s",
            [](Settings& s) -> Slot { return &s.conversation.message_validity_s; }, 1, 604800,
            "After how many seconds a text that could not be sent expires instead."),
        number(
            "stream.heartbeat_s", [](Settings& s) -> Slot { return &s.stream.heartbeat_s; }, 1,
            3600, "Seconds between two heartbeats of a stream."),
        number(
            "stream.retention_events",
            [](Settings& s) -> Slot { return &s.stream.retention_events; }, 1, 1000 * million,
            "Events an organisation's journal keeps for those who come back."),
        number(
            "stream.max_backlog_bytes",
            [](Settings& s) -> Slot { return &s.stream.max_backlog_bytes; }, 1024, gibibyte,
            "Live bytes a slow reader may leave unread before it is cut off."),
        number(
            "stream.max_per_credential",
            [](Settings& s) -> Slot { return &s.stream.max_per_credential; }, 1, million,
            "Streams one credential may hold open."),
    };
}

std::vector<Key<Settings>> limit_keys() {
    return {
        number(
            "limits.body_bytes", [](Settings& s) -> Slot { return &s.limits.body_bytes; }, 1,
            gibibyte, "The largest body the API takes."),
        number(
            "limits.webhook_body_bytes",
            [](Settings& s) -> Slot { return &s.limits.webhook_body_bytes; }, 1, gibibyte,
            "The largest body a webhook takes."),
        number(
            "limits.buffered_bytes", [](Settings& s) -> Slot { return &s.limits.buffered_bytes; },
            1, 1024 * gibibyte,
            "All requests in hand together; of one address (IPv6: its /64) a quarter at most, "
            "trusted "
            "proxies are exempt."),
        number(
            "limits.header_bytes", [](Settings& s) -> Slot { return &s.limits.header_bytes; }, 1024,
            1 << 20, "The largest request header."),
        number(
            "limits.header_seconds", [](Settings& s) -> Slot { return &s.limits.header_seconds; },
            1, 3600, "How long a header may take to arrive."),
        number(
            "limits.body_seconds", [](Settings& s) -> Slot { return &s.limits.body_seconds; }, 1,
            3600, "How long a body may take to arrive; longer while at least 1 KiB/s comes."),
        number(
            "limits.idle_seconds", [](Settings& s) -> Slot { return &s.limits.idle_seconds; }, 1,
            86400, "How long a connection may stay open without a request."),
        number(
            "limits.connections_per_address",
            [](Settings& s) -> Slot { return &s.limits.connections_per_address; }, 0, million,
            "Connections from one address (IPv6: its /64); 0 is no cap; trusted proxies are "
            "exempt."),
        number(
            "limits.connections", [](Settings& s) -> Slot { return &s.limits.connections; }, 1,
            million, "All connections together."),
        number(
            "limits.requests_per_minute",
            [](Settings& s) -> Slot { return &s.limits.requests_per_minute; }, 1, million,
            "Requests of one credential; empty is no limit."),
        number(
            "limits.messages_per_minute",
            [](Settings& s) -> Slot { return &s.limits.messages_per_minute; }, 1, million,
            "Messages an organisation sends; empty is no limit."),
        number(
            "limits.calls_per_minute",
            [](Settings& s) -> Slot { return &s.limits.calls_per_minute; }, 1, million,
            "Calls an organisation starts; empty is no limit."),
        number(
            "limits.requests_per_minute_per_address",
            [](Settings& s) -> Slot { return &s.limits.requests_per_minute_per_address; }, 0,
            million,
            "Requests of one address, before its credential is looked at; 0 is no limit; trusted "
            "proxies and webhooks are exempt."),
        number(
            "limits.bad_signatures_per_minute_per_address",
            [](Settings& s) -> Slot { return &s.limits.bad_signatures_per_minute_per_address; }, 0,
            million,
            "Webhooks with a wrong signature from one address that are answered and logged one by "
            "one; genuine ones are never limited."),
        number(
            "limits.messages_per_minute_per_number",
            [](Settings& s) -> Slot { return &s.limits.messages_per_minute_per_number; }, 0,
            million, "Messages of one organisation to one number; 0 is no limit."),
        number(
            "limits.calls_per_minute_per_number",
            [](Settings& s) -> Slot { return &s.limits.calls_per_minute_per_number; }, 0, million,
            "Calls of one organisation to one number; 0 is no limit."),
        number(
            "limits.automatic_messages_per_minute_per_number",
            [](Settings& s) -> Slot { return &s.limits.automatic_messages_per_minute_per_number; },
            0, 60,
            "Answers of the AI to one number, so that two machines do not talk for ever; what is "
            "more waits; 0 is no limit."),
        text<Settings>(
            "limits.rate_headers", [](Settings& s) -> Slot { return &s.limits.rate_headers; },
            nullptr, "true or false",
            "Whether answers tell of limits in RateLimit and RateLimit-Policy, which are an "
            "Internet draft."),
        {"log.level",
         [](Settings& s) -> Slot { return &s.log.level; },
         "error, warn, info or debug",
         "The least important lines that are written.",
         fit_any,
         0,
         0,
         {"error", "warn", "info", "debug"},
         false},
        {"log.format",
         [](Settings& s) -> Slot { return &s.log.format; },
         "json or text",
         "One JSON object a line, or a line for people.",
         fit_any,
         0,
         0,
         {"json", "text"},
         false},
    };
}

Key<PluginUse> plugin_key() {
    return text<PluginUse>(
        "plugin", [](PluginUse& use) -> Slot { return &use.plugin; }, fit_plugin_name,
        "a plugin's name: small letters, digits, - and _", "Which plugin this is.", true);
}

Key<PluginUse> options_key() {
    return text<PluginUse>(
        "options", [](PluginUse& use) -> Slot { return &use.options; }, nullptr,
        "a block of the plugin's options", "As the plugin describes them.");
}

Key<PluginUse> id_key(std::string_view meaning, bool required) {
    return text<PluginUse>(
        "id", [](PluginUse& use) -> Slot { return &use.id; }, fit_instance_id,
        "an id: small letters, digits, - and _, at most 63", meaning, required);
}

}  // namespace

const std::vector<Key<Settings>>& section_keys() {
    static const std::vector<Key<Settings>> keys = [] {
        std::vector<Key<Settings>> all;
        for (const auto& part : {server_keys(), part_keys(), behaviour_keys(), limit_keys()})
            all.insert(all.end(), part.begin(), part.end());
        return all;
    }();
    return keys;
}

const std::vector<Key<PluginUse>>& auth_keys() {
    static const std::vector<Key<PluginUse>> keys = {
        id_key("The scheme's name in logs; by default the plugin's.", false),
        plugin_key(),
        options_key(),
    };
    return keys;
}

const std::vector<Key<PluginUse>>& provider_keys() {
    static const std::vector<Key<PluginUse>> keys = {
        id_key("The instance; its webhooks are /api/webhooks/<id>/...", true),
        plugin_key(),
        options_key(),
        {"signature_mode",
         [](PluginUse& use) -> Slot { return &use.signature_mode; },
         "enforce or report",
         "report lets wrong signatures through with a warning, for rolling out only.",
         fit_any,
         0,
         0,
         {"enforce", "report"},
         false},
        number<PluginUse>(
            "sends_per_second", [](PluginUse& use) -> Slot { return &use.sends_per_second; }, 1,
            10000, "Texts that are handed to it in a second, in the long run; others wait."),
        number<PluginUse>(
            "send_burst", [](PluginUse& use) -> Slot { return &use.send_burst; }, 1, 10000,
            "Texts that are handed to it at once, after a rest."),
        number<PluginUse>(
            "concurrent_sends", [](PluginUse& use) -> Slot { return &use.concurrent_sends; }, 1, 64,
            "Texts on their way to it at a time."),
    };
    return keys;
}

const std::vector<Key<Organization>>& organization_keys() {
    constexpr std::string_view instance = "the id of an entry of `providers`";
    static const std::vector<Key<Organization>> keys = {
        text<Organization>(
            "id", [](Organization& one) -> Slot { return &one.id.slot(); }, fit_organization_id,
            "an id: letters, digits, - . and _, at most 64", "What tokens name it by.", true),
        text<Organization>(
            "name", [](Organization& one) -> Slot { return &one.name; }, fit_any, "a name",
            "What the AI and people call it; by default the id."),
        text<Organization>(
            "default_region", [](Organization& one) -> Slot { return &one.default_region; },
            fit_region, "two capital letters (ISO 3166), such as US",
            "How numbers without a country code are read."),
        text<Organization>(
            "numbers", [](Organization& one) -> Slot { return &one.numbers; }, fit_e164,
            "quoted phone numbers in E.164, such as \"+15551234567\"",
            "The business's own numbers; each belongs to one organisation."),
        text<Organization>(
            "channel", [](Organization& one) -> Slot { return &one.channel; }, fit_instance_id,
            instance, "Who carries its messages."),
        text<Organization>(
            "voice", [](Organization& one) -> Slot { return &one.voice; }, fit_instance_id,
            instance, "Who carries its calls."),
        text<Organization>(
            "responder", [](Organization& one) -> Slot { return &one.responder; }, fit_instance_id,
            instance, "Who answers; without one messages wait for a human."),
        {"unknown_sends",
         [](Organization& one) -> Slot {
             return TwoWords{&one.resend_unknown, "at_most_once", "at_least_once"};
         },
         "at_most_once or at_least_once",
         "What becomes of a text of which nobody knows whether it was sent, once its provider "
         "could "
         "not tell either: it is kept for you, or sent once more and perhaps twice.",
         fit_any,
         0,
         0,
         {"at_most_once", "at_least_once"},
         false},
        number<Organization>(
            "history_days", [](Organization& one) -> Slot { return &one.history_days; }, 0, 36500,
            "How many days messages and ended calls are kept; 0: for ever."),
        text<Organization>(
            "allow_premium", [](Organization& one) -> Slot { return &one.allow_premium; }, nullptr,
            "true or false",
            "Whether premium-rate, shared-cost and satellite numbers may be written to and called; "
            "emergency numbers never are."),
        text<Organization>(
            "allow_regions", [](Organization& one) -> Slot { return &one.allow_regions; },
            fit_region, "countries in two capital letters (ISO 3166), such as [US, CA]",
            "Whose numbers may be written to and called; left out: all. Satellite and "
            "international networks are of no country."),
        number<Organization>(
            "limits.requests_per_minute",
            [](Organization& one) -> Slot { return &one.requests_per_minute; }, 0, million,
            "Requests of each of its credentials, instead of what stands for all; 0 is no limit."),
        number<Organization>(
            "limits.messages_per_minute",
            [](Organization& one) -> Slot { return &one.messages_per_minute; }, 0, million,
            "Messages that it sends, instead of what stands for all; 0 is no limit."),
        number<Organization>(
            "limits.calls_per_minute",
            [](Organization& one) -> Slot { return &one.calls_per_minute; }, 0, million,
            "Calls that it starts, instead of what stands for all; 0 is no limit."),
        number<Organization>(
            "daily.messages", [](Organization& one) -> Slot { return &one.daily.messages; }, 0,
            million, "Messages that it sends in a day (UTC), whoever writes them; empty: no cap."),
        number<Organization>(
            "daily.segments", [](Organization& one) -> Slot { return &one.daily.segments; }, 0,
            million, "Segments of them, which are what providers bill; empty: no cap."),
        number<Organization>(
            "daily.calls", [](Organization& one) -> Slot { return &one.daily.calls; }, 0, million,
            "Calls that it starts in a day (UTC); empty: no cap."),
        number<Organization>(
            "daily.call_minutes", [](Organization& one) -> Slot { return &one.daily.call_minutes; },
            0, million,
            "Minutes that its calls with the AI take in a day (UTC), begun ones whole; inbound "
            "calls count and are never refused; calls that run may pass it by what they last "
            "beyond their reserve; empty: no cap."),
        number<Organization>(
            "daily.call_reserve_minutes",
            [](Organization& one) -> Slot { return &one.daily.call_reserve_minutes; }, 1, 1440,
            "Minutes that a call which begins is counted with until it is over."),
        money(
            "daily.cost", [](Organization& one) -> Slot { return &one.daily.cost; }, 100 * million,
            "What all that may cost in a day (UTC), at the prices below; empty: no cap."),
        money(
            "prices.message", [](Organization& one) -> Slot { return &one.prices.message; },
            million, "Of each message that it sends, in whatever currency `daily.cost` is."),
        money(
            "prices.segment", [](Organization& one) -> Slot { return &one.prices.segment; },
            million, "Of each segment of them."),
        money(
            "prices.call", [](Organization& one) -> Slot { return &one.prices.call; }, million,
            "Of each call that it starts."),
        money(
            "prices.call_minute", [](Organization& one) -> Slot { return &one.prices.call_minute; },
            million, "Of each minute of a call, inbound ones too."),
    };
    return keys;
}

const std::vector<Key<Role>>& role_keys() {
    static const std::vector<Key<Role>> keys = {
        text<Role>(
            "id", [](Role& role) -> Slot { return &role.id; }, fit_instance_id,
            "an id: small letters, digits, - and _, at most 63",
            "A credential with the permission role:ID has what stands here.", true),
        text<Role>(
            "permissions", [](Role& role) -> Slot { return &role.permissions; }, fit_permission,
            "permissions, such as conversations:read; none stands for several, but admin for all",
            "What the role may do."),
    };
    return keys;
}

const std::vector<std::string>& section_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        for (const auto& key : section_keys()) {
            const std::string section(key.path.substr(0, key.path.find('.')));
            if (std::find(all.begin(), all.end(), section) == all.end()) all.push_back(section);
        }
        return all;
    }();
    return names;
}

}  // namespace tandem::settings
