#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "serve/serve.h"

namespace tandem::serve {

/// The route table as a tree of path segments. Immutable once built; safe from any thread.
class Router {
public:
    /// Throws std::invalid_argument naming the route that cannot stand.
    explicit Router(std::vector<Route> routes);

    struct Found {
        const Route* route = nullptr;  // null: no route for path and method
        std::string allow;             // without a route: what the path answers to; empty: 404
        std::vector<std::pair<std::string, std::string>> parameters;
    };
    /// A literal segment wins over a parameter, a parameter over a {rest...}; HEAD finds
    /// GET's route.
    Found find(std::string_view method, std::string_view path) const;

    const std::vector<Route>& routes() const { return routes_; }
    /// All methods of the table, for `OPTIONS *` and methods that nobody answers.
    const std::string& all_methods() const { return all_methods_; }

private:
    struct Place {
        std::map<std::string, std::unique_ptr<Place>, std::less<>> literals;
        std::unique_ptr<Place> parameter;
        std::map<std::string, size_t, std::less<>> methods;  // index into routes_
        std::map<std::string, size_t, std::less<>> rest;     // of a {rest...}
    };
    struct Search;

    void add(size_t index);
    void search(const Place& place, Search& search, size_t depth) const;
    Found settle(const Search& search) const;

    std::vector<Route> routes_;
    std::vector<std::vector<std::string>> names_;  // a route's parameters, in order
    Place root_;
    std::string all_methods_;
};

}  // namespace tandem::serve
