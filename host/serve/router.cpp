#include "serve/router.h"

#include <algorithm>
#include <set>
#include <stdexcept>

namespace tandem::serve {

namespace {

std::vector<std::string_view> segments_of(std::string_view path) {
    std::vector<std::string_view> segments;
    for (size_t start = 1; start <= path.size();) {
        const size_t end = std::min(path.find('/', start), path.size());
        segments.push_back(path.substr(start, end - start));
        start = end + 1;
    }
    return segments;
}

[[noreturn]] void refuse(const Route& route, const std::string& why) {
    throw std::invalid_argument("route " + route.method + " " + route.pattern + ": " + why);
}

bool known_method(std::string_view method) {
    return method == "GET" || method == "POST" || method == "PUT" || method == "PATCH" ||
           method == "DELETE";
}

void check(const Route& route) {
    if (!known_method(route.method)) refuse(route, "HEAD and OPTIONS are answered by serve");
    if (route.pattern.empty() || route.pattern.front() != '/') refuse(route, "must begin with /");
    if (!route.handler) refuse(route, "has no handler");
    const bool guarded = route.access == Access::Bearer || route.access == Access::Stream;
    if (guarded && route.permission.empty()) refuse(route, "is guarded and names no permission");
}

std::string joined(const std::set<std::string>& methods) {
    std::string text;
    for (const std::string& method : methods) text += (text.empty() ? "" : ", ") + method;
    return text;
}

void add_implied(std::set<std::string>& methods) {
    if (methods.count("GET") != 0) methods.insert("HEAD");
    methods.insert("OPTIONS");
}

}  // namespace

struct Router::Search {
    std::string_view method;
    std::string_view path;
    std::vector<std::string_view> segments;
    std::vector<std::string> values;  // of parameters on the way down
    std::set<std::string> allowed;    // methods of all places that the path reaches
    const Route* route = nullptr;     // the first that fits
    std::vector<std::string> route_values;

    void arrive(const std::map<std::string, size_t, std::less<>>& methods,
                const std::vector<Route>& routes) {
        const auto found = methods.find(method);
        if (found == methods.end()) {
            for (const auto& entry : methods) allowed.insert(entry.first);
            return;
        }
        route = &routes[found->second];
        route_values = values;
    }
};

Router::Router(std::vector<Route> routes) : routes_(std::move(routes)), names_(routes_.size()) {
    std::set<std::string> methods{"GET"};
    for (size_t i = 0; i < routes_.size(); ++i) {
        add(i);
        methods.insert(routes_[i].method);
    }
    add_implied(methods);
    all_methods_ = joined(methods);
}

void Router::add(size_t index) {
    const Route& route = routes_[index];
    check(route);
    Place* place = &root_;
    const auto segments = segments_of(route.pattern);
    for (size_t i = 0; i < segments.size(); ++i) {
        const std::string_view segment = segments[i];
        const bool parameter =
            segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
        if (!parameter) {
            if (segment.find_first_of("{}") != std::string_view::npos)
                refuse(route, "a parameter must be a whole segment");
            auto& next = place->literals[std::string(segment)];
            if (!next) next = std::make_unique<Place>();
            place = next.get();
            continue;
        }
        std::string name(segment.substr(1, segment.size() - 2));
        if (name.size() > 3 && name.ends_with("...")) {
            if (i + 1 != segments.size()) refuse(route, "{" + name + "} must stand last");
            names_[index].push_back(name.substr(0, name.size() - 3));
            if (!place->rest.emplace(route.method, index).second) refuse(route, "stands twice");
            return;
        }
        names_[index].push_back(std::move(name));
        if (!place->parameter) place->parameter = std::make_unique<Place>();
        place = place->parameter.get();
    }
    if (!place->methods.emplace(route.method, index).second) refuse(route, "stands twice");
}

void Router::search(const Place& place, Search& search, size_t depth) const {
    if (search.route != nullptr) return;
    if (depth == search.segments.size()) {
        search.arrive(place.methods, routes_);
        return;
    }
    const std::string_view segment = search.segments[depth];
    const auto literal = place.literals.find(segment);
    if (literal != place.literals.end()) this->search(*literal->second, search, depth + 1);
    if (place.parameter && !segment.empty()) {
        search.values.emplace_back(segment);
        this->search(*place.parameter, search, depth + 1);
        search.values.pop_back();
    }
    if (search.route == nullptr && !place.rest.empty()) {
        const auto offset = static_cast<size_t>(segment.data() - search.path.data());
        search.values.emplace_back(search.path.substr(offset));
        search.arrive(place.rest, routes_);
        search.values.pop_back();
    }
}

Router::Found Router::find(std::string_view method, std::string_view path) const {
    Search search;
    search.method = method == "HEAD" ? "GET" : method;
    search.path = path;
    search.segments = segments_of(path);
    if (search.segments.empty()) search.segments.emplace_back(path.substr(path.size()));
    this->search(root_, search, 0);
    return settle(search);
}

Router::Found Router::settle(const Search& search) const {
    Found found;
    found.route = search.route;
    if (found.route == nullptr && !search.allowed.empty()) {
        auto methods = search.allowed;
        add_implied(methods);
        found.allow = joined(methods);
    }
    if (found.route == nullptr) return found;
    const auto& names = names_[static_cast<size_t>(found.route - routes_.data())];
    for (size_t i = 0; i < names.size(); ++i)
        found.parameters.emplace_back(names[i], search.route_values[i]);
    return found;
}

}  // namespace tandem::serve
