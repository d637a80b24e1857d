// One node's durable store, in one file.
#include "engine.h"
#include "tandem/plugin/plugin.hpp"
#include "tandem/plugin/store.hpp"

namespace tandem::sqlite {

namespace {

class SqliteStore : public plugin::Plugin, public plugin::Store, public plugin::StoreReads {
public:
    explicit SqliteStore(plugin::Host host)
        : host_(host), engine_(options(host.config()), [this](const std::string& text) {
              host_.log().warn(text);
          }) {}

    static plugin::Description describe() {
        plugin::Description description;
        description.id = "org.tandem.sqlite";
        description.name = "SQLite";
        description.version = TANDEM_VERSION;
        description.vendor = "Tandem";
        description.licence = "Apache-2.0";
        description.options = {
            {"path", TANDEM_OPTION_TEXT, TANDEM_OPTION_REQUIRED, std::nullopt,
             "The database file; its folder must exist and belong to the daemon"},
        };
        return description;
    }

    void start() override { engine_.start(); }
    void stop() override { engine_.stop(); }
    void migrate() override { engine_.migrate(); }
    void health() override { engine_.health(); }

    std::vector<records::CommitResult> commit(
        const std::vector<records::ChangeSet>& batch) override {
        return engine_.commit(batch);
    }
    void end_leases(tandem_time now) override { engine_.end_leases(now); }
    void compact() override { engine_.compact(); }
    void forget(Text organization, tandem_time now, tandem_time messages_before) override {
        engine_.forget(organization, now, messages_before);
    }

    bool snapshot(std::string_view organization, std::string_view address, uint32_t message_limit,
                  records::Rows& rows) override {
        return engine_.read([&](Reader& reader) {
            return reader.snapshot(organization, address, message_limit, rows);
        });
    }
    bool lead(std::string_view organization, std::string_view id, records::Rows& rows) override {
        return engine_.read([&](Reader& reader) { return reader.lead(organization, id, rows); });
    }
    void messages(std::string_view organization, std::string_view address, int64_t before,
                  uint32_t limit, records::Rows& rows) override {
        engine_.read(
            [&](Reader& reader) { reader.messages(organization, address, before, limit, rows); });
    }
    bool message(std::string_view organization, std::string_view id, records::Rows& rows) override {
        return engine_.read([&](Reader& reader) { return reader.message(organization, id, rows); });
    }
    bool message_by_provider_id(std::string_view organization, std::string_view instance,
                                std::string_view provider_id, records::Rows& rows) override {
        return engine_.read([&](Reader& reader) {
            return reader.message_by_provider_id(organization, instance, provider_id, rows);
        });
    }
    bool call_by_provider_id(std::string_view organization, std::string_view instance,
                             std::string_view provider_id, records::Rows& rows) override {
        return engine_.read([&](Reader& reader) {
            return reader.call_by_provider_id(organization, instance, provider_id, rows);
        });
    }
    void conversations(std::string_view organization, const records::ListQuery& query,
                       records::Rows& rows) override {
        engine_.read([&](Reader& reader) { reader.conversations(organization, query, rows); });
    }
    void journal(std::string_view organization, int64_t after, std::string_view address,
                 uint32_t limit, records::Rows& rows) override {
        engine_.read(
            [&](Reader& reader) { reader.journal(organization, after, address, limit, rows); });
    }
    void due(uint32_t kind, tandem_time now, uint32_t limit, records::Rows& rows) override {
        engine_.read([&](Reader& reader) { reader.due(kind, now, limit, rows); });
    }
    void trim_journal(std::string_view organization, int64_t keep) override {
        engine_.trim_journal(organization, keep);
    }
    void status_history(std::string_view organization, std::string_view message_id, uint32_t limit,
                        records::Rows& rows) override {
        engine_.read(
            [&](Reader& reader) { reader.status_history(organization, message_id, limit, rows); });
    }
    bool call(Text organization, Text id, records::Rows& rows) override {
        return engine_.read([&](Reader& reader) { return reader.call(organization, id, rows); });
    }
    bool call_by_line(Text organization, Text line_id, records::Rows& rows) override {
        return engine_.read(
            [&](Reader& reader) { return reader.call_by_line(organization, line_id, rows); });
    }
    void calls(Text organization, const records::ListQuery& query, records::Rows& rows) override {
        engine_.read([&](Reader& reader) { reader.calls(organization, query, rows); });
    }
    void call_turns(Text organization, Text call_id, uint32_t limit, records::Rows& rows) override {
        engine_.read(
            [&](Reader& reader) { reader.call_turns(organization, call_id, limit, rows); });
    }
    void leads(Text organization, const records::ListQuery& query, records::Rows& rows) override {
        engine_.read([&](Reader& reader) { reader.leads(organization, query, rows); });
    }
    bool lead_by_address(Text organization, Text address, records::Rows& rows) override {
        return engine_.read(
            [&](Reader& reader) { return reader.lead_by_address(organization, address, rows); });
    }
    void sessions(Text organization, const records::ListQuery& query,
                  records::Rows& rows) override {
        engine_.read([&](Reader& reader) { reader.sessions(organization, query, rows); });
    }
    void messages_by_delivery(Text organization, Text address, uint32_t delivery, uint32_t limit,
                              records::Rows& rows) override {
        engine_.read([&](Reader& reader) {
            reader.messages_by_delivery(organization, address, delivery, limit, rows);
        });
    }
    void owed(Text organization, uint32_t dead, Text after_id, uint32_t limit,
              records::Rows& rows) override {
        engine_.read(
            [&](Reader& reader) { return reader.owed(organization, dead, after_id, limit, rows); });
    }
    bool owed_row(Text organization, Text id, records::Rows& rows) override {
        return engine_.read(
            [&](Reader& reader) { return reader.owed_row(organization, id, rows); });
    }
    bool remembered(Text organization, Text scope, Text key) override {
        return engine_.read(
            [&](Reader& reader) { return reader.remembered(organization, scope, key); });
    }
    void notes(Text organization, Text scope, Text key_prefix, tandem_time now, uint32_t limit,
               records::Rows& rows) override {
        engine_.read([&](Reader& reader) {
            reader.notes(organization, scope, key_prefix, now, limit, rows);
        });
    }
    bool audit(Text organization, Text before_id, uint32_t limit, records::Rows& rows) override {
        return engine_.read(
            [&](Reader& reader) { return reader.audit(organization, before_id, limit, rows); });
    }

private:
    static EngineOptions options(const plugin::Config& config) {
        EngineOptions options;
        options.path = config.text("path");
        return options;
    }

    const plugin::Host host_;
    Engine engine_;
};

}  // namespace

}  // namespace tandem::sqlite

TANDEM_PLUGIN(tandem::sqlite::SqliteStore)
