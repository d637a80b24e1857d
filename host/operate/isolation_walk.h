#pragma once

#include <set>
#include <string>
#include <vector>

#include "operate/isolation_house.h"
#include "operate/isolation_operations.h"

namespace tandem::operate::isolation {

/// What was done and what was found. Empty `leaks`: nothing got through.
struct Report {
    std::vector<std::string> leaks;
    std::vector<std::string> unreached;  // operations for which no request could be made
    size_t operations = 0, requests = 0, compared = 0;
};

/// Two organisations in one house. The north has a customer, texts, leads, sessions, calls and
/// owed work, all with canaries; the south asks for every one of them in every way that the API
/// describes, and must learn nothing and change nothing. Confined to one thread.
class Walk {
public:
    /// Both outlive it. `ends_early`: with the first leak.
    Walk(const House& house, const Operations& operations, bool ends_early);

    /// All of it. Unavailable: the gateway went away.
    Result<Report> run();

private:
    using Values = std::vector<std::string>;

    Answered send(const Asked& asked);
    /// Everything that the north can have, made through the API itself.
    void seed();
    void settle();
    /// Something that stays owed all the while, to be named.
    void owe_for_later(Person& person);
    void do_all(const std::string& method, Person& person);
    void read_all(Person& person);
    /// What the north sees of itself; its journal's position tells of every change.
    std::string picture();
    /// Every operation, every slot, every value of the north's in a request of the south's.
    void swap_all();
    void swap(const Operation& operation, const Slot& slot);
    /// What the south itself saw from its beginning on.
    void replay(const Operation& operation, const Slot& slot);
    void name_other_organization(const Operation& operation);
    /// The south's streams, while something happens in the north.
    void watch_streams();
    /// That the values were real: with them the north gets what the south must not.
    void control();
    void read_traces();
    void search(const Answered& answer, const std::string& where, const std::string& sent);
    void leak(const std::string& what);

    const House& house_;
    const Operations& operations_;
    const bool ends_early_;
    Person north_, south_;
    std::map<std::string, std::string> twins_;  // a value of the north's, and one of nobody's
    unsigned owed_ = 60;
    Report report_;
};

}  // namespace tandem::operate::isolation
