#include "control/verbs.h"

#include <future>
#include <memory>
#include <utility>

#include "serve/refuse.h"

namespace tandem::control {

namespace {

bool yes(const Asked& asked, const char* name) {
    return serve::query_yes_no(asked.request, name).value_or(false);
}

/// Does it once for each Idempotency-Key. `act` is given the key, or null without one;
/// `recall` tells of what was done by a process that died before it answered.
template <typename Act, typename Recall>
serve::Response once(Asked& asked, const std::string& address, Act act, Recall recall) {
    using Kind = admit::Once::Kind;
    // Whoever was faster with the same key has committed: the next look finds it.
    for (unsigned tries = 0; tries < 3; ++tries) {
        Keyed key{asked.idempotency.look(asked.request, asked.person.organization->id, {})};
        key.once.note.address = address;
        if (key.once.kind == Kind::Answered) return std::move(key.once.answer);
        if (key.once.kind == Kind::Interrupted) return recall();
        try {
            return act(key.once.kind == Kind::Fresh ? &key : nullptr);
        } catch (const KeyTaken&) {
        }
    }
    serve::refuse_without_storage();
}

/// The same, for a verb whose answer is committed with its effect.
template <typename Act>
serve::Response once(Asked& asked, const std::string& address, Act act) {
    const auto answer = [](const std::string& data) {
        return serve::success("Message sent", data);
    };
    return once(
        asked, address,
        [&](Keyed* key) {
            if (key) key->answer = answer;
            return answer(act(key));
        },
        []() -> serve::Response { serve::refuse_without_storage(); });
}

}  // namespace

serve::Response join(Asked& asked) {
    Control& control = asked.control;
    const JoinOrder order = read_join(asked);
    const auto answer = [](const std::string& data) {
        return serve::success("Conversation taken over", data);
    };
    return once(
        asked, order.address,
        [&](Keyed* key) {
            serve::Response given = answer(control.join(asked.person, order, key));
            if (!key) return given;
            const auto kept = std::make_shared<std::promise<serve::Response>>();
            auto answered = kept->get_future();
            asked.idempotency.finish(
                std::move(key->once), std::move(given),
                [kept](serve::Response response) { kept->set_value(std::move(response)); });
            return answered.get();
        },
        [&] { return answer(control.joined(asked.person, order)); });
}

serve::Response leave(Asked& asked) {
    const LeaveOrder order = read_leave(asked);
    return serve::success("Conversation handed back", asked.control.leave(asked.person, order));
}

serve::Response send_message(Asked& asked) {
    const SendOrder order = read_send(asked);
    return once(asked, order.address,
                [&](Keyed* key) { return asked.control.send(asked.person, order, key); });
}

serve::Response plain_message(Asked& asked) {
    const SendOrder order = read_plain_send(asked);
    return once(asked, order.address,
                [&](Keyed* key) { return asked.control.send_plain(asked.person, order, key); });
}

serve::Response transfer(Asked& asked) {
    const TransferOrder order = read_transfer(asked);
    return serve::success("Conversation transferred", asked.control.transfer(asked.person, order));
}

serve::Response process(Asked& asked) {
    const auto ids = read_process(asked);
    return serve::success(
        "Queue processed",
        asked.control.process(asked.person, asked.path_address(), ids, ids.empty()));
}

serve::Response status(Asked& asked) {
    std::string number(asked.request.path_parameter("phoneNumber"));
    const bool in_query = number.empty();
    if (in_query) number = asked.request.query("phoneNumber").value_or("");
    const bool sessions = in_query && (yes(asked, "includeAgentSessions") || number.empty());
    std::string address;
    if (!number.empty()) {
        // An unknown number is simply not under control; one that is none is still refused.
        address = asked.address(number, {});
    }
    return serve::success("Status", asked.control.status(asked.person, address, sessions));
}

serve::Response queue(Asked& asked) {
    return serve::success("Queue", asked.control.queue(asked.person, asked.path_address(),
                                                       yes(asked, "includeProcessed")));
}

serve::Response sessions(Asked& asked) {
    const auto [data, pagination] = asked.control.sessions(asked.person, read_sessions(asked));
    return serve::success("Sessions", data, 200, pagination);
}

}  // namespace tandem::control
