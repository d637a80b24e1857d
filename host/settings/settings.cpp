#include "settings/settings.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <set>

#include "base/nearest.h"
#include "settings/block_reader.h"
#include "settings/document.h"
#include "settings/environment.h"
#include "settings/forms.h"
#include "settings/keys.h"
#include "settings/reference.h"

namespace tandem::settings {

namespace {

namespace files = std::filesystem;

using domain::Organization;

constexpr const char* default_database = "/var/lib/tandem/tandem.db";
constexpr size_t max_parts = 1000;  // files in conf.d

/// The .yaml files of conf.d by name. What package managers and editors leave behind
/// (.dpkg-new, .rpmsave, ~, .swp) does not end so.
std::vector<std::string> parts_beside(const std::string& file, Report& report) {
    const files::path folder = files::path(file).parent_path() / "conf.d";
    std::error_code failed;
    if (!files::exists(folder, failed) && !failed) return {};
    std::vector<std::string> parts;
    files::directory_iterator entry(folder, failed);
    for (; !failed && entry != files::directory_iterator(); entry.increment(failed)) {
        const std::string name = entry->path().filename().string();
        const bool hidden = name.empty() || name.front() == '.';
        if (!hidden && entry->path().extension() == ".yaml") parts.push_back(entry->path());
    }
    if (failed)
        report.error({1, folder.string()}, "settings",
                     "a folder that can be read (" + failed.message() + ")");
    std::sort(parts.begin(), parts.end());
    if (parts.size() > max_parts) {
        report.error({1, folder.string()}, "settings", "at most 1000 files in conf.d");
        parts.resize(max_parts);
    }
    return parts;
}

/// Reads the typed settings from the resolved tree. One use.
class Reader {
public:
    explicit Reader(Report& report) : report_(report) {}

    Settings read(const Node& root) {
        settings_.storage.plugin = "sqlite";
        settings_.bus.plugin = "local";
        const auto lists = list_names();
        for (const Node::Entry& entry : root.entries) read_section(entry);
        finish_part(settings_.storage, root, "storage");
        finish_part(settings_.bus, root, "bus");
        for (const std::string& name : lists) read_list(root, name);
        const Node* options = value(root, "storage.options");
        const bool has_options = options != nullptr && options->kind != Node::Kind::Absent;
        if (settings_.storage.plugin == "sqlite" && !has_options)
            settings_.storage.options["path"] = {std::string(default_database), false,
                                                 root.place.text()};
        check_server(root);
        check_limits(root);
        check_organizations(root);
        return std::move(settings_);
    }

private:
    static std::vector<std::string> list_names() {
        return {"auth", "providers", "organizations", "roles"};
    }

    static const Node* value(const Node& root, std::string_view path) {
        const Node* at = &root;
        while (at != nullptr && !path.empty()) {
            if (at->kind != Node::Kind::Block) return nullptr;
            const size_t dot = path.find('.');
            const Node::Entry* entry = at->find(path.substr(0, dot));
            at = entry == nullptr ? nullptr : &entry->value;
            path = dot == std::string_view::npos ? "" : path.substr(dot + 1);
        }
        return at;
    }

    /// Where to point: the key, or the innermost block that is there.
    static Place place_of(const Node& root, std::string_view path) {
        while (!path.empty()) {
            if (const Node* node = value(root, path)) return node->place;
            const size_t dot = path.rfind('.');
            path = path.substr(0, dot == std::string_view::npos ? 0 : dot);
        }
        return root.place;
    }

    void read_section(const Node::Entry& entry) {
        const auto lists = list_names();
        if (std::find(lists.begin(), lists.end(), entry.key) != lists.end()) return;
        const auto& sections = section_names();
        if (std::find(sections.begin(), sections.end(), entry.key) == sections.end()) {
            auto names = sections;
            names.insert(names.end(), lists.begin(), lists.end());
            report_unknown(entry, entry.key, names, report_);
            return;
        }
        read_block(entry.value, entry.key, section_keys(), entry.key + ".", settings_, report_);
    }

    void read_list(const Node& root, const std::string& name) {
        const Node::Entry* entry = root.find(name);
        if (entry == nullptr || entry->value.kind == Node::Kind::Absent) {
            if (name != "providers" && name != "roles")
                report_.error(entry == nullptr ? root.place : entry->place, name,
                              name == "auth" ? "a list with at least one way to sign in"
                                             : "a list with at least one organization");
            return;
        }
        const Node& list = entry->value;
        if (list.kind == Node::Kind::Broken) return;
        if (list.kind != Node::Kind::List ||
            (list.items.empty() && name != "providers" && name != "roles")) {
            report_.error(list.place, name, "a list of blocks, each beginning with `- `");
            return;
        }
        for (size_t i = 0; i < list.items.size(); ++i) {
            const std::string path = name + "[" + std::to_string(i) + "]";
            const Node& item = list.items[i];
            if (item.kind == Node::Kind::Absent)
                report_.error(item.place, path, "a block of keys");
            else if (name == "organizations")
                read_organization(item, path);
            else if (name == "roles")
                read_role(item, path);
            else
                read_use(item, path, name == "auth");
        }
    }

    void read_use(const Node& item, const std::string& path, bool is_auth) {
        PluginUse use;
        const auto& keys = is_auth ? auth_keys() : provider_keys();
        if (!read_block(item, path, keys, "", use, report_)) return;
        check_required(item, path, keys, report_);
        use.where = item.place.text();
        if (use.id.empty() && is_auth) use.id = use.plugin;
        // All instances go by their ids, whatever they are for.
        const bool is_taken = stands_in(settings_.auth, use.id) ||
                              stands_in(settings_.providers, use.id) ||
                              use.id == settings_.storage.id;
        check_once(is_taken, use.id, item, path, is_auth ? "; give one of them an `id`" : "");
        if (!is_auth && use.signature_mode == "report")
            report_.warn(place_of(item, "signature_mode"), path + ".signature_mode",
                         "enforce; `report` lets forged webhooks in and is for rolling out only");
        (is_auth ? settings_.auth : settings_.providers).push_back(std::move(use));
    }

    template <typename Item>
    static bool stands_in(const std::vector<Item>& earlier, const std::string& id) {
        return std::any_of(earlier.begin(), earlier.end(),
                           [&id](const Item& one) { return one.id == id; });
    }

    void check_once(bool is_taken, const std::string& id, const Node& item, const std::string& path,
                    const std::string& advice) {
        if (is_taken && !id.empty())
            report_.error(place_of(item, "id"), path + ".id",
                          "an id of its own, `" + id + "` is there already" + advice);
    }

    void read_organization(const Node& item, const std::string& path) {
        Organization organization;
        if (!read_block(item, path, organization_keys(), "", organization, report_)) return;
        check_required(item, path, organization_keys(), report_);
        if (organization.name.empty()) organization.name = organization.id;
        check_once(stands_in(settings_.organizations, organization.id), organization.id, item, path,
                   "");
        settings_.organizations.push_back(std::move(organization));
        organization_nodes_.emplace_back(&item, path);
    }

    void read_role(const Node& item, const std::string& path) {
        Role role;
        if (!read_block(item, path, role_keys(), "", role, report_)) return;
        check_required(item, path, role_keys(), report_);
        check_once(stands_in(settings_.roles, role.id), role.id, item, path, "");
        settings_.roles.push_back(std::move(role));
    }

    void finish_part(PluginUse& use, const Node& root, const char* section) {
        use.id = use.plugin;
        use.where = place_of(root, section).text();
    }

    void check_server(const Node& root) {
        const Server& server = settings_.server;
        if (server.listen.empty())
            report_.error(place_of(root, "server.listen"), "server.listen", "at least one address");
        check_listen(root);
        if (server.tls_certificate.empty() != server.tls_key.empty()) {
            const char* missing =
                server.tls_key.empty() ? "server.tls.key" : "server.tls.certificate";
            report_.error(place_of(root, missing), missing,
                          "the path of a PEM file; certificate and key go together");
        }
        if (!server.public_url.empty()) return;
        const Node* written = value(root, "server.public_url");
        if (written != nullptr && written->kind == Node::Kind::Broken) return;
        std::string host = server.listen.empty() ? "127.0.0.1:8080" : server.listen.front();
        for (const std::string_view any : {"0.0.0.0:", "[::]:"})
            if (host.compare(0, any.size(), any) == 0)
                host = "localhost:" + host.substr(any.size());
        settings_.server.public_url =
            (server.tls_certificate.empty() ? "http://" : "https://") + host;
        report_.warn(place_of(root, "server.public_url"), "server.public_url",
                     "the URL that providers were told to call; taken as " +
                         settings_.server.public_url + ", against which signatures are checked");
    }

    void check_listen(const Node& root) {
        const Node* list = value(root, "server.listen");
        std::vector<Endpoint> taken;
        for (size_t i = 0; i < settings_.server.listen.size(); ++i) {
            const auto endpoint = read_endpoint(settings_.server.listen[i]);
            if (!endpoint) continue;
            const auto clashes = [&](const Endpoint& one) {
                // Any address of IPv4 takes the port from each of them, not from IPv6.
                const bool both = one.host.find(':') == std::string::npos &&
                                  endpoint->host.find(':') == std::string::npos;
                return one.port == endpoint->port && one.port != 0 &&
                       (one.host == endpoint->host ||
                        (both && (one.host == "0.0.0.0" || endpoint->host == "0.0.0.0")));
            };
            if (std::any_of(taken.begin(), taken.end(), clashes)) {
                const bool has_item = list != nullptr && i < list->items.size();
                report_.error(has_item ? list->items[i].place : place_of(root, "server.listen"),
                              "server.listen", "each address once, this port is taken above");
            }
            taken.push_back(*endpoint);
        }
    }

    void check_limits(const Node& root) {
        const Limits& limits = settings_.limits;
        const std::pair<const char*, size_t> bodies[] = {
            {"limits.body_bytes", limits.body_bytes},
            {"limits.webhook_body_bytes", limits.webhook_body_bytes}};
        for (const auto& [key, bytes] : bodies)
            if (bytes > limits.buffered_bytes)
                report_.error(
                    place_of(root, key), key,
                    "at most limits.buffered_bytes, " + std::to_string(limits.buffered_bytes));
    }

    void check_organizations(const Node&) {
        std::map<std::string, std::string> owners;  // number to organisation
        for (size_t i = 0; i < settings_.organizations.size(); ++i) {
            const Organization& one = settings_.organizations[i];
            const auto& [node, path] = organization_nodes_[i];
            check_numbers(one, *node, path, owners);
            check_regions(*node, path);
            check_spending(one, *node, path);
            check_instance(one.channel, "channel", *node, path);
            check_instance(one.voice, "voice", *node, path);
            check_instance(one.responder, "responder", *node, path);
            const Node::Entry* numbers = node->find("numbers");
            const bool failed = numbers != nullptr && numbers->value.kind != Node::Kind::Absent;
            if (one.numbers.empty() && !failed && !(one.channel.empty() && one.voice.empty()))
                report_.warn(node->place, path + ".numbers",
                             "the business's own numbers; without one nothing comes in");
        }
    }

    void check_spending(const Organization& one, const Node& node, const std::string& path) {
        const Organization::Daily& daily = one.daily;
        if (daily.cost && !one.prices.any())
            report_.error(place_of(node, "daily.cost"), path + ".daily.cost",
                          "`prices` beside it, such as prices: {segment: 0.0079}; without one "
                          "nothing costs anything");
        // A cap that no call fits into would be a way to say 0.
        const unsigned minutes = daily.call_minutes.value_or(0);
        if (minutes > 0 && minutes < daily.call_reserve_minutes)
            report_.error(place_of(node, "daily.call_minutes"), path + ".daily.call_minutes",
                          "0, or at least daily.call_reserve_minutes, " +
                              std::to_string(daily.call_reserve_minutes));
    }

    /// A list of nobody must not look like one of everybody.
    void check_regions(const Node& node, const std::string& path) {
        const Node* regions = value(node, "allow_regions");
        if (regions != nullptr && regions->kind == Node::Kind::List && regions->items.empty())
            report_.error(regions->place, path + ".allow_regions",
                          "at least one country; left out, all are allowed");
    }

    void check_numbers(const Organization& one, const Node& node, const std::string& path,
                       std::map<std::string, std::string>& owners) {
        const Node::Entry* written = node.find("numbers");
        if (written == nullptr) return;
        const Node& list = written->value;
        const std::vector<Node> items =
            list.kind == Node::Kind::List ? list.items : std::vector<Node>{list};
        for (const Node& item : items) {
            if (item.kind != Node::Kind::Text) continue;
            const bool valid =
                std::find(one.numbers.begin(), one.numbers.end(), item.text) != one.numbers.end();
            if (!valid) continue;
            const auto [owner, is_new] = owners.emplace(item.text, one.id);
            if (!is_new)
                report_.error(item.place, path + ".numbers",
                              "a number that nobody claimed, this one belongs to `" +
                                  owner->second + "` already");
        }
    }

    void check_instance(const std::string& id, const char* key, const Node& node,
                        const std::string& path) {
        if (id.empty()) return;
        std::vector<std::string> names;
        for (const PluginUse& use : settings_.providers) names.push_back(use.id);
        if (std::find(names.begin(), names.end(), id) != names.end()) return;
        const std::string near = nearest(id, names);
        report_.error(place_of(node, key), path + "." + key,
                      "the id of an entry of `providers`" +
                          (near.empty() ? "" : "; did you mean " + near + "?"));
    }

    Report& report_;
    Settings settings_;
    std::vector<std::pair<const Node*, std::string>> organization_nodes_;
};

}  // namespace

std::string to_text(const Finding& finding) {
    return finding.where + ": " + finding.key + ": " + (finding.warning ? "warning: " : "") +
           finding.expected;
}

bool Loaded::usable() const {
    return std::all_of(findings.begin(), findings.end(),
                       [](const Finding& finding) { return finding.warning; });
}

Loaded load(const std::string& file, const Environment& environment) {
    Report report;
    Loaded loaded;
    Node root = read_document(file, 0, report);
    bool readable = root.kind == Node::Kind::Block;
    unsigned order = 0;
    for (const std::string& part : parts_beside(file, report)) {
        Node over = read_document(part, ++order, report);
        readable = readable && over.kind == Node::Kind::Block;
        if (readable) merge(root, std::move(over));
    }
    // Half a file would only bring errors that are not there.
    if (readable) {
        apply_overrides(root, environment, report);
        resolve_references(root, environment, report);
        loaded.settings = Reader(report).read(root);
    }
    loaded.findings = report.sorted();
    return loaded;
}

}  // namespace tandem::settings
