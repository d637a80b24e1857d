#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "observe/observe.h"
#include "serve/serve.h"
#include "store/store.h"

/// Idempotency-Key: what a caller sends twice with one key is done once.
///
/// A route looks the key up once it knows that it would act, and puts what it is given into
/// the ChangeSet of its effect: the key is remembered if and only if the effect is there. A
/// request that is refused before that leaves no trace, so that its repetition is judged
/// afresh. An answer that is known before the commit goes into it (`keep`); any other is kept
/// before it is given (`finish`), so that whoever has it in hand and asks again finds it.
namespace tandem::admit {

/// How long a key is remembered.
constexpr std::chrono::hours key_lifetime{24};

/// What a request with a key is to do.
struct Once {
    enum class Kind {
        NoKey,        // act as always
        Fresh,        // act, with precondition and note in the ChangeSet
        Answered,     // give `answer`, do nothing
        Interrupted,  // the effect is there, its answer was never known: tell how `subject` is
    };
    Kind kind = Kind::NoKey;
    serve::Response answer;
    std::string subject;
    domain::OrganizationId organization;
    store::NoteIs precondition;
    store::Note note;
};

/// Puts the answer beside the key of a request that is Fresh, before its note is committed:
/// then there is nothing to finish, and no death comes between effect and answer.
void keep(Once& once, const serve::Response& answer);

/// The keys of all organisations. Safe from any thread.
class Idempotency {
public:
    /// All of them outlive it.
    Idempotency(store::Store& store, store::Committer& committer, const Clock& clock,
                observe::Log& log)
        : store_(store), committer_(committer), clock_(clock), log_(log) {}

    /// Blocks for one read. `subject` is the id of what the request would make: a message, a
    /// call. Answered also covers a key that is malformed (400), that stands for another
    /// request (422) or for one still running (409), and a store that is away (503) or keeps
    /// no notes (501): without remembering nothing may be done.
    Once look(const serve::Request& request, const domain::OrganizationId& organization,
              const std::string& subject);

    /// Keeps the answer to a request that was Fresh and committed, then hands it to `then`, on
    /// the committer's thread or this one; also where it could not be kept. Never blocks.
    void finish(Once once, serve::Response answer, std::function<void(serve::Response)> then);

private:
    store::Store& store_;
    store::Committer& committer_;
    const Clock& clock_;
    observe::Log& log_;
};

}  // namespace tandem::admit
