#pragma once

#include <string>

#include "trespass/house.h"
#include "trespass/operations.h"
#include "trespass/trespass.h"

namespace tandem::trespass {

/// Thrown at the first leak where that is enough.
struct Enough {};

/// Asks, looks at what comes back, and writes down what is wrong with it: what all parts of the
/// audit have in common. Confined to one thread.
class Inquiry {
public:
    /// Both outlive it. `ends_early`: with the first leak.
    Inquiry(const House& the_house, const Operations& the_operations, bool ends_early)
        : house(the_house), operations(the_operations), ends_early_(ends_early) {}

    /// Throws std::runtime_error where nobody answers.
    Answered send(const Asked& asked);
    /// `told` must have nothing of `owner`'s but what the asker sent, or has as well.
    void search(const std::string& told, const std::string& where, const std::string& sent,
                const Person& owner, const Person& asker);
    /// The same of an answer.
    Answered search(const Asked& asked, const std::string& where, const Person& owner,
                    const Person& asker);
    /// Throws Enough where one will do.
    void leak(const std::string& what);
    void unreached(const std::string& what) { report.unreached.push_back(what); }

    /// Every operation of this method that begins or changes something, with the person's own.
    void do_all(const std::string& method, Person& person);
    /// Everything that the person may read; what it gives is remembered with them.
    void read_all(Person& person);
    /// What stays owed all the while, of customers whom nobody took over.
    void owe_for_later(Person& person);
    /// What the person sees of itself; its journal's position tells of every change.
    std::string picture(Person person);
    /// Until the picture stands still. Throws std::runtime_error if it does not.
    void settle(const Person& person);

    const House& house;
    const Operations& operations;
    Report report;

private:
    const bool ends_early_;
    unsigned owed_ = 60;
};

}  // namespace tandem::trespass
