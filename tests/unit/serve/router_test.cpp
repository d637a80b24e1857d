#include "serve/router.h"

#include <cppunit/TestFixture.h>
#include <cppunit/extensions/HelperMacros.h>

#include <stdexcept>

namespace tandem::serve {

namespace {

Route open(std::string method, std::string pattern) {
    return {std::move(method),        std::move(pattern), Access::Open, "", 0, false,
            [](Request, Responder) {}};
}

std::string found(const Router& router, const std::string& method, const std::string& path) {
    const auto found = router.find(method, path);
    if (found.route == nullptr) return "none";
    std::string text = found.route->pattern;
    for (const auto& [name, value] : found.parameters) text += " " + name + "=" + value;
    return text;
}

}  // namespace

class RouterTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(RouterTest);
    CPPUNIT_TEST(the_most_literal_route_wins);
    CPPUNIT_TEST(a_path_without_the_method_names_those_it_has);
    CPPUNIT_TEST(a_guarded_route_without_permission_does_not_start);
    CPPUNIT_TEST(two_routes_alike_do_not_start);
    CPPUNIT_TEST(malformed_patterns_do_not_start);
    CPPUNIT_TEST_SUITE_END();

public:
    void the_most_literal_route_wins() {
        const Router router({open("GET", "/"), open("GET", "/a/{id}"), open("GET", "/a/b"),
                             open("POST", "/a/{id}/c"), open("GET", "/hooks/{name}/{rest...}"),
                             open("GET", "/a/{other}/d/{more}")});
        CPPUNIT_ASSERT_EQUAL(std::string("/"), found(router, "GET", "/"));
        CPPUNIT_ASSERT_EQUAL(std::string("/a/b"), found(router, "GET", "/a/b"));
        CPPUNIT_ASSERT_EQUAL(std::string("/a/{id} id=x"), found(router, "GET", "/a/x"));
        CPPUNIT_ASSERT_EQUAL(std::string("/a/{id} id=x"), found(router, "HEAD", "/a/x"));
        CPPUNIT_ASSERT_EQUAL(std::string("/a/{id}/c id=b"), found(router, "POST", "/a/b/c"));
        CPPUNIT_ASSERT_EQUAL(std::string("/a/{other}/d/{more} other=x more=y"),
                             found(router, "GET", "/a/x/d/y"));
        CPPUNIT_ASSERT_EQUAL(std::string("/hooks/{name}/{rest...} name=n rest=a/b"),
                             found(router, "GET", "/hooks/n/a/b"));
        for (const char* path : {"/a", "/a/", "/a/x/", "/A/b", "/a/b/c/d/e", "/hooks/n", "/x"})
            CPPUNIT_ASSERT_EQUAL_MESSAGE(path, std::string("none"), found(router, "GET", path));
    }

    void a_path_without_the_method_names_those_it_has() {
        const Router router({open("POST", "/a/b"), open("GET", "/a/{id}"), open("PATCH", "/c")});
        CPPUNIT_ASSERT_EQUAL(std::string("GET, HEAD, OPTIONS, POST"),
                             router.find("DELETE", "/a/b").allow);
        CPPUNIT_ASSERT_EQUAL(std::string("/a/{id} id=b"), found(router, "GET", "/a/b"));
        CPPUNIT_ASSERT_EQUAL(std::string("OPTIONS, PATCH"), router.find("GET", "/c").allow);
        CPPUNIT_ASSERT(router.find("GET", "/d").allow.empty());
    }

    void a_guarded_route_without_permission_does_not_start() {
        for (const Access access : {Access::Bearer, Access::Stream}) {
            Route route = open("GET", "/a");
            route.access = access;
            CPPUNIT_ASSERT_THROW(Router({route}), std::invalid_argument);
            route.permission = "leads:read";
            CPPUNIT_ASSERT_NO_THROW(Router({route}));
        }
    }

    void two_routes_alike_do_not_start() {
        CPPUNIT_ASSERT_THROW(Router({open("GET", "/a/{x}"), open("GET", "/a/{y}")}),
                             std::invalid_argument);
        CPPUNIT_ASSERT_THROW(Router({open("GET", "/a/{x...}"), open("GET", "/a/{y...}")}),
                             std::invalid_argument);
        CPPUNIT_ASSERT_NO_THROW(Router({open("GET", "/a/{x}"), open("POST", "/a/{y}")}));
    }

    void malformed_patterns_do_not_start() {
        for (const char* pattern : {"", "a", "/a/{x...}/b", "/a/x{y}"})
            CPPUNIT_ASSERT_THROW_MESSAGE(pattern, Router({open("GET", pattern)}),
                                         std::invalid_argument);
        CPPUNIT_ASSERT_THROW(Router({open("HEAD", "/a")}), std::invalid_argument);
        Route empty = open("GET", "/a");
        empty.handler = nullptr;
        CPPUNIT_ASSERT_THROW(Router({empty}), std::invalid_argument);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(RouterTest);

}  // namespace tandem::serve
