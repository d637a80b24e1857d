#pragma once

#include <map>
#include <string>
#include <vector>

#include "trespass/dialects.h"
#include "trespass/inquiry.h"

namespace tandem::trespass {

/// Every webhook of every provider in the house. Pairs of organisations use them: some an
/// account of their own each, some one account together. Whoever can sign for one of a pair says
/// everything that its provider can say and names what is the other's; who cannot sign says it of
/// the other at the other's own place. Nothing of the other may come back or change. Confined to
/// one thread.
class Webhooks {
public:
    /// It outlives the walk.
    explicit Webhooks(Inquiry& inquiry);

    void run();

    const std::map<std::string, Person>& people() const { return people_; }

private:
    using Kind = Notice::Field::Kind;
    /// What stands in some fields instead of the person's own.
    using Instead = std::map<const Notice::Field*, std::string>;

    /// A webhook's operation, whose it is, and what is said there.
    struct Route {
        const Operation* operation;
        const Account* account;
        const Dialect* dialect;
        std::vector<const Notice*> notices;
    };

    void find_routes();
    Person& other_of(const Person& person);
    std::vector<Said> said(const Notice& notice, const Person& person, const Account& account,
                           const Instead& instead);
    Asked request(const Route& route, const std::vector<Said>& said, const Account& signer,
                  Proof proof) const;

    /// What they do by themselves, and then all that their providers can tell of them.
    void seed();
    void tell(Person& person);
    void read(Person& person);
    void swap_all(const Person& asker, const Person& owner);
    /// What came to be the asker's by all that.
    void read_afterwards(const Person& asker, const Person& owner);
    void swap(const Route& route, const Notice& notice, const Person& asker, const Person& owner);
    void swap_field(const Route& route, const Notice& notice, const Notice::Field& field,
                    const Person& asker, const Person& owner);
    std::vector<std::string> foreign(const Notice::Field& field, const Account& account,
                                     const Person& owner) const;
    /// By who has no secret, a wrong one, or the secret of another account.
    void forge(const Route& route, const Notice& notice, const Person& asker, const Person& owner);

    Inquiry& inquiry_;
    std::map<std::string, Person> people_;  // by organisation
    std::vector<Route> routes_;
    unsigned count_ = 0;
};

}  // namespace tandem::trespass
