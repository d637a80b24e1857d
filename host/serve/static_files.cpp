#include "serve/static_files.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <utility>

namespace tandem::serve {

namespace {

namespace fs = std::filesystem;

// The console is small; a larger file got there by mistake.
constexpr uintmax_t max_file_bytes = 4 * 1024 * 1024;

struct Type {
    std::string_view suffix;
    std::string_view type;
};
constexpr std::array types = {
    Type{".html", "text/html; charset=utf-8"},
    Type{".css", "text/css; charset=utf-8"},
    Type{".js", "text/javascript; charset=utf-8"},
    Type{".mjs", "text/javascript; charset=utf-8"},
    Type{".json", "application/json; charset=utf-8"},
    Type{".webmanifest", "application/manifest+json"},
    Type{".txt", "text/plain; charset=utf-8"},
    Type{".svg", "image/svg+xml"},
    Type{".png", "image/png"},
    Type{".ico", "image/x-icon"},
    Type{".woff2", "font/woff2"},
};

// No inline scripts, nothing from elsewhere, no frames: a customer's text that slips
// through as markup still runs nothing.
constexpr std::string_view content_security_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'";

struct File {
    std::string type;
    std::string bytes;
    std::string tag;
};

std::string entity_tag(const std::string& bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
        throw std::runtime_error("SHA-256 is not available");
    static constexpr char digits[] = "0123456789abcdef";
    std::string tag = "\"";
    for (size_t i = 0; i < 12; ++i) {
        tag += digits[digest[i] >> 4];
        tag += digits[digest[i] & 15];
    }
    return tag + '"';
}

[[noreturn]] void refuse(const fs::path& path, const std::string& why) {
    throw std::runtime_error("cannot serve " + path.string() + ": " + why);
}

std::shared_ptr<const File> read_file(const fs::path& path) {
    const std::string suffix = path.extension().string();
    const auto type = std::find_if(types.begin(), types.end(),
                                   [&](const Type& known) { return known.suffix == suffix; });
    if (type == types.end()) refuse(path, "files of this kind are not served");
    if (fs::file_size(path) > max_file_bytes) refuse(path, "it is larger than 4 MiB");
    std::ifstream input(path, std::ios::binary);
    auto file = std::make_shared<File>();
    file->bytes.assign(std::istreambuf_iterator<char>(input), {});
    if (!input.good() && !input.eof()) refuse(path, "it cannot be read");
    file->type = type->type;
    file->tag = entity_tag(file->bytes);
    return file;
}

Response response_of(const File& file, const Request& request) {
    Response response;
    response.headers = {
        {"ETag", file.tag},
        {"Cache-Control", "no-cache"},  // kept, but asked for each time
        {"Content-Security-Policy", std::string(content_security_policy)},
        {"Permissions-Policy", "camera=(), microphone=(), geolocation=()"},
    };
    const auto known = request.header("If-None-Match");
    if (known && (*known == "*" || known->find(file.tag) != std::string_view::npos)) {
        response.status = 304;
        return response;
    }
    response.content_type = file.type;
    response.body = file.bytes;
    return response;
}

Route route_to(std::string path, std::shared_ptr<const File> file) {
    Route route;
    route.method = "GET";
    route.pattern = std::move(path);
    route.access = Access::Open;
    route.on_loop = true;
    route.handler = [file = std::move(file)](const Request& request, Responder responder) {
        responder.answer(response_of(*file, request));
    };
    return route;
}

bool plain_name(const std::string& name) {
    return std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
    });
}

void collect(const fs::path& folder, const std::string& prefix, std::vector<Route>& routes) {
    std::vector<fs::directory_entry> entries(fs::directory_iterator(folder), {});
    std::sort(entries.begin(), entries.end());
    for (const fs::directory_entry& entry : entries) {
        const std::string name = entry.path().filename().string();
        if (name.front() == '.') continue;
        if (!plain_name(name)) refuse(entry.path(), "its name needs encoding");
        if (entry.is_directory()) {
            collect(entry.path(), prefix + name + "/", routes);
        } else if (entry.is_regular_file()) {
            const auto file = read_file(entry.path());
            routes.push_back(route_to(prefix + name, file));
            if (name == "index.html") routes.push_back(route_to(prefix, file));
        } else {
            refuse(entry.path(), "it is neither file nor folder");
        }
    }
}

}  // namespace

std::vector<Route> static_files(const std::string& folder) {
    std::vector<Route> routes;
    try {
        collect(folder, "/", routes);
    } catch (const fs::filesystem_error& failure) {
        throw std::runtime_error("cannot serve " + folder + ": " + failure.code().message());
    }
    return routes;
}

Route static_text(std::string path, std::string content_type, std::string text) {
    auto file = std::make_shared<File>();
    file->type = std::move(content_type);
    file->tag = entity_tag(text);
    file->bytes = std::move(text);
    return route_to(std::move(path), std::move(file));
}

}  // namespace tandem::serve
