#include "trespass/webhooks.h"

#include <algorithm>
#include <set>

#include "base/id.h"
#include "trespass/compare.h"

namespace tandem::trespass {

namespace {

constexpr char webhooks_path[] = "/api/webhooks/";
constexpr size_t enough_ids = 8;

bool serves(const Account& account, const Person& person) {
    return std::count(account.organizations.begin(), account.organizations.end(),
                      person.organization) > 0;
}

}  // namespace

Webhooks::Webhooks(Inquiry& inquiry) : inquiry_(inquiry) {
    for (const Account& account : inquiry.house.accounts()) {
        for (const std::string& organization : account.organizations) {
            Person person = inquiry.house.person(organization);
            const bool north = organization.rfind(House::north, 0) == 0;
            person.phone = House::common_customer;
            person.phones = {north ? House::north_customer : House::south_customer,
                             House::common_customer};
            people_.emplace(organization, std::move(person));
        }
    }
}

void Webhooks::run() {
    find_routes();
    seed();
    for (auto& [organization, person] : people_) swap_all(person, other_of(person));
}

void Webhooks::find_routes() {
    for (const Operation& operation : inquiry_.operations.all()) {
        if (!operation.webhook) continue;
        const std::string rest =
            operation.path.substr(std::min(operation.path.size(), sizeof webhooks_path - 1));
        const size_t slash = rest.find('/');
        Route route{&operation, nullptr, nullptr, {}};
        for (const Account& account : inquiry_.house.accounts())
            if (account.instance == rest.substr(0, slash)) route.account = &account;
        if (route.account) route.dialect = dialect_of(route.account->plugin);
        if (route.dialect)
            for (const Notice& notice : route.dialect->notices)
                if (slash != std::string::npos && notice.route == rest.substr(slash + 1))
                    route.notices.push_back(&notice);
        if (route.notices.empty())
            inquiry_.unreached(operation.id +
                               ": the audit does not know what its provider says, and how it "
                               "signs that");
        else
            routes_.push_back(std::move(route));
    }
}

Person& Webhooks::other_of(const Person& person) {
    const bool north = person.organization.rfind(House::north, 0) == 0;
    const std::string rest =
        person.organization.substr(std::string(north ? House::north : House::south).size());
    return people_.at((north ? House::south : House::north) + rest);
}

std::vector<Said> Webhooks::said(const Notice& notice, const Person& person, const Account& account,
                                 const Instead& instead) {
    std::vector<Said> all;
    for (const Notice::Field& field : notice.fields) {
        std::string value = field.value;
        const auto known = person.ids.find(field.ids);
        switch (field.kind) {
            case Kind::Word:
            case Kind::Json: break;
            case Kind::Text: value = person.canary; break;
            case Kind::Account: value = account.name; break;
            case Kind::Customer: value = person.phone; break;
            case Kind::Business: value = person.business_number; break;
            case Kind::Fresh: value += random_hex(16); break;
            case Kind::Count: value = std::to_string(++count_); break;
            case Kind::Known:
                if (known != person.ids.end())
                    value = *known->second.rbegin();
                else if (!value.empty())
                    value += random_hex(16);
                break;
        }
        const auto other = instead.find(&field);
        if (other != instead.end()) value = other->second;
        if (!value.empty()) all.push_back({&field, std::move(value)});
    }
    return all;
}

Asked Webhooks::request(const Route& route, const std::vector<Said>& said, const Account& signer,
                        Proof proof) const {
    return route.dialect->request(route.operation->method, route.operation->path, House::public_url,
                                  said, signer, proof);
}

void Webhooks::seed() {
    for (auto& [organization, person] : people_) {
        for (const std::string& phone : person.phones) {
            person.phone = phone;
            inquiry_.do_all("POST", person);
        }
    }
    for (auto& [organization, person] : people_) read(person);
    for (auto& [organization, person] : people_) tell(person);
}

void Webhooks::read(Person& person) {
    inquiry_.settle(person);  // what was sent has the provider's ids
    for (const std::string& phone : person.phones) {
        person.phone = phone;
        inquiry_.read_all(person);
    }
}

void Webhooks::tell(Person& person) {
    std::vector<std::pair<std::string, Said>> fresh;
    Person knowing = person;  // also what was only said yet
    for (const Route& route : routes_) {
        if (!serves(*route.account, person)) continue;
        for (const Notice* notice : route.notices) {
            // Of a call that we placed nothing new would be seen.
            Instead news;
            for (const Notice::Field& field : notice->fields)
                if (field.kind == Kind::Known && field.ids == "callId") news[&field] = "";
            const auto all = said(*notice, knowing, *route.account, news);
            const Answered answer =
                inquiry_.send(request(route, all, *route.account, Proof::Right));
            const std::string what = route.operation->id + ", " + notice->meaning;
            if (answer.status != 200)
                inquiry_.unreached(what + ": rightly signed, and refused (" + outcome_of(answer) +
                                   ')');
            for (const Said& one : all) {
                if (one.field->kind != Kind::Fresh) continue;
                knowing.ids[one.field->ids].insert(one.value);
                fresh.emplace_back(what, one);
            }
        }
    }
    read(person);
    // What was said is there, or nothing is shown by its not being elsewhere.
    for (const auto& [what, one] : fresh)
        if (person.ids[one.field->ids].count(one.value) == 0)
            inquiry_.unreached(what + ": rightly signed, and not recorded");
}

void Webhooks::swap_all(const Person& asker, const Person& owner) {
    const std::string before = inquiry_.picture(owner);
    for (const Route& route : routes_) {
        for (const Notice* notice : route.notices) {
            if (serves(*route.account, asker)) swap(route, *notice, asker, owner);
            if (serves(*route.account, owner)) forge(route, *notice, asker, owner);
        }
    }
    inquiry_.settle(owner);
    if (inquiry_.picture(owner) != before)
        inquiry_.leak("the " + owner.organization + "'s data changed by webhooks of the " +
                      asker.organization + "'s");
    read_afterwards(asker, owner);
}

void Webhooks::read_afterwards(const Person& asker, const Person& owner) {
    // The providers' ids it may have by having named them; ours are never taken from a webhook.
    Person words = owner, reader = asker;
    words.ids.clear();
    for (const char* ours : {"messageId", "callId", "leadId"}) {
        const auto known = owner.ids.find(ours);
        if (known != owner.ids.end()) words.ids.insert(*known);
    }
    for (const Operation& operation : inquiry_.operations.all()) {
        if (!operation.stream) continue;
        // All that its streams told meanwhile.
        const Slot position{Slot::Place::Query, "lastEventId", Slot::Kind::Position};
        for (const std::string& last : Operations::values(operation, position, asker)) {
            const auto asked = inquiry_.operations.request(
                operation, reader, false,
                {{{position.place, position.name}, last.substr(0, last.rfind('-') + 1) + "1"}});
            if (asked) inquiry_.search(*asked, operation.id + " after the webhooks", words, asker);
        }
    }
    std::set<std::string> phones(asker.phones.begin(), asker.phones.end());
    phones.insert(owner.phones.begin(), owner.phones.end());
    for (const std::string& phone : phones) {
        reader.phone = phone;
        for (const Operation& operation : inquiry_.operations.all()) {
            if (!operation.reads() || operation.webhook || operation.stream) continue;
            if (const auto asked = inquiry_.operations.request(operation, reader, false))
                inquiry_.search(*asked, operation.id + " after the webhooks", words, asker);
        }
    }
}

void Webhooks::swap(const Route& route, const Notice& notice, const Person& asker,
                    const Person& owner) {
    Instead all;
    for (const Notice::Field& field : notice.fields) {
        swap_field(route, notice, field, asker, owner);
        const auto values = foreign(field, *route.account, owner);
        if (!values.empty() && field.kind != Kind::Business && field.kind != Kind::Account)
            all.emplace(&field, values.back());
    }
    // All of it at once, said of the asker's own number.
    inquiry_.search(
        request(route, said(notice, asker, *route.account, all), *route.account, Proof::Right),
        route.operation->id + ", " + notice.meaning + " of the other's", owner, asker);
}

std::vector<std::string> Webhooks::foreign(const Notice::Field& field, const Account& account,
                                           const Person& owner) const {
    std::vector<std::string> values;
    const auto known = owner.ids.find(field.ids);
    switch (field.kind) {
        case Kind::Customer: return owner.phones;
        case Kind::Business:
            // Whose account it is may speak of its own.
            if (!serves(account, owner)) values.push_back(owner.business_number);
            break;
        case Kind::Account:
            for (const Account& one : inquiry_.house.accounts())
                if (one.plugin == account.plugin && serves(one, owner) && &one != &account)
                    values.push_back(one.name);
            break;
        case Kind::Fresh:
        case Kind::Known:
            if (known == owner.ids.end()) break;
            for (auto at = known->second.rbegin();
                 at != known->second.rend() && values.size() < enough_ids; ++at)
                values.push_back(*at);
            break;
        default: break;
    }
    return values;
}

void Webhooks::swap_field(const Route& route, const Notice& notice, const Notice::Field& field,
                          const Person& asker, const Person& owner) {
    const std::vector<std::string> values = foreign(field, *route.account, owner);
    const std::string where = route.operation->id + ", " + notice.meaning;
    if (values.empty() && !field.ids.empty())
        inquiry_.unreached(where + ": no " + field.ids + " of another's is known");
    for (const std::string& value : values) {
        const std::string twin = twin_of(value);
        Answered answers[2];
        std::string essences[2];
        for (int i = 0; i < 2; ++i) {
            const std::string& used = i == 0 ? value : twin;
            const Asked asked =
                request(route, said(notice, asker, *route.account, {{&field, used}}),
                        *route.account, Proof::Right);
            answers[i] = i > 0 ? inquiry_.send(asked)
                               : inquiry_.search(asked, where + " with the other's " + field.name,
                                                 owner, asker);
            essences[i] = essence(answers[i], field.kind == Kind::Customer, used);
        }
        ++inquiry_.report.compared;
        if (value != House::common_customer && essences[0] != essences[1])
            inquiry_.leak(where + ": the " + owner.organization + "'s " + field.name +
                          " is not answered as nobody's (" + outcome_of(answers[0]) + ", " +
                          outcome_of(answers[1]) + ')');
    }
}

void Webhooks::forge(const Route& route, const Notice& notice, const Person& asker,
                     const Person& owner) {
    const std::string where = route.operation->id + ", " + notice.meaning;
    const auto attempt = [&](const Account& named, const Account& signer, Proof proof,
                             const char* how) {
        const Asked asked = request(route, said(notice, owner, named, {}), signer, proof);
        const Answered answer = inquiry_.search(asked, where + how, owner, asker);
        if (answer.status < 400)
            inquiry_.leak(where + how + " is taken for the " + owner.organization + "'s (" +
                          outcome_of(answer) + ')');
    };
    attempt(*route.account, *route.account, Proof::None, ", unsigned,");
    attempt(*route.account, *route.account, Proof::Wrong, ", wrongly signed,");
    for (const Account& other : inquiry_.house.accounts()) {
        if (other.plugin != route.account->plugin || serves(other, owner)) continue;
        attempt(*route.account, other, Proof::Right, ", signed by another account,");
        attempt(other, other, Proof::Right, ", signed and said by another account,");
    }
}

}  // namespace tandem::trespass
