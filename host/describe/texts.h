#pragma once

/// What stands in schemas.json and streams.json, built in: a program whose files were left
/// behind would describe nothing.
namespace tandem::describe {

/// An object with `tags`, `parameters` and `schemas`, as OpenAPI's components have them.
extern const char* const schemas_text;
/// An AsyncAPI document that lacks its version and the schemas it refers to.
extern const char* const streams_text;

}  // namespace tandem::describe
