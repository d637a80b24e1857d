#pragma once

#include <set>
#include <string>
#include <string_view>

#include "database.h"

/// Takes out what an organisation does not want to keep any longer, step by step. Belongs to
/// the writer's connection and thread; each step is a transaction of its own.
namespace tandem::sqlite {

/// What is asked of all steps, and how far they came.
struct ForgetWork {
    std::string organization;
    int64_t now = 0, before = 0;
    enum class Stage { Notes, Messages, Calls, Done } stage = Stage::Notes;
    std::string address;  // of the messages: conversations up to here are done
};

class Forgetting {
public:
    explicit Forgetting(const Database& database);
    /// One step; the work says whether there are more. Throws a Fault; nothing of the step
    /// is written then.
    void step(ForgetWork& work);

private:
    void write(ForgetWork& work);
    void forget_notes(ForgetWork& work);
    void forget_messages(ForgetWork& work);
    bool forget_messages_of(const ForgetWork& work, std::string_view address, int& room);
    void forget_calls(ForgetWork& work);
    void find_owed(std::string_view organization);

    const Database& database_;
    Statement begin_, commit_;
    Statement drop_notes_, addresses_, oldest_messages_, drop_lines_, drop_message_;
    Statement old_calls_, drop_call_, subjects_;
    std::set<std::string, std::less<>> owed_;  // what owed work is about, in this step
};

}  // namespace tandem::sqlite
