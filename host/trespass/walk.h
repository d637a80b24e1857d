#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>

#include "trespass/inquiry.h"

namespace tandem::trespass {

/// Two organisations in one house. The north has a customer, texts, leads, sessions, calls and
/// owed work, all with canaries; the south asks for every one of them in every way that the API
/// describes, and must learn nothing and change nothing. Confined to one thread.
class Walk {
public:
    /// It outlives the walk.
    explicit Walk(Inquiry& inquiry);

    /// Everything that the north can have, made through the API itself. First of all.
    void seed();
    /// Every operation, every slot, every value of the north's in a request of the south's.
    void swap_requests();
    /// The same of event streams; then tickets, and what comes while something happens.
    void swap_streams();
    /// That the values were real: with them the north gets what the south must not. Last, for
    /// it takes away what others may name.
    void control();

    const Person& north() const { return north_; }
    const Person& south() const { return south_; }

private:
    /// `work` must change nothing of the north's.
    template <typename Work>
    void changing_nothing(Work work);
    void visit(const Operation& operation);
    void swap(const Operation& operation, const Slot& slot);
    /// Whether what names `value` is answered as what names its twin, and asks both again where
    /// they differ and the operation reads: what else goes on meanwhile shows in one of them.
    /// `ask` gives nothing where that cannot be asked, and then nor does this.
    struct Compared {
        Answered foreign, nobodys;
        bool alike = false;
    };
    using Ask = std::function<std::optional<Answered>(const std::string& used, bool foreign)>;
    std::optional<Compared> compare(const std::string& value, bool reads, const Ask& ask);
    /// What the south itself saw from its beginning on.
    void replay(const Operation& operation, const Slot& slot);
    void name_other_organization(const Operation& operation);

    // streams.cpp
    /// A request that a ticket of the south's opens and nothing else; nothing: none was given.
    std::optional<Asked> by_ticket(const Operation& operation, const Choice& order,
                                   const Choice& place);
    void swap_tickets();
    void swap_ticket(const Choice& order, bool own);
    void watch();

    Inquiry& inquiry_;
    Person north_, south_;
    std::set<std::string> ticketed_;  // streams that a ticket opened
};

}  // namespace tandem::trespass
