#include "deliver/course.h"

#include <array>

namespace tandem::deliver {

using domain::Delivery;

Course course_of(const std::vector<store::Status>& history) {
    Course course;
    for (const store::Status& line : history) {
        const bool moved = !line.keep_delivery;
        if (moved && line.delivery == Delivery::Sending) {
            course.begun_at = line.at;
            course.unknown_since.reset();
            course.failed = course.may_send = course.not_sent = false;
            continue;
        }
        // A line of ours that moves nothing; a provider's has its word.
        if (!moved && line.delivery == Delivery::Sending && line.provider_word.empty())
            course.failed = true;
        if (moved && line.delivery == Delivery::Unknown) course.unknown_since = line.at;
        if (line.error_code == not_sent_mark) course.may_send = course.not_sent = true;
        if (line.error_code == resent_mark) course.may_send = course.resent = true;
    }
    return course;
}

bool waits_for_another_try(const std::vector<store::Status>& history) {
    return course_of(history).failed;
}

std::optional<Time> next_look_up(Time unknown_since, Time now) {
    using namespace std::chrono_literals;
    static constexpr std::array<Milliseconds, 4> after{first_look_up, 15s, 30s, 60s};
    for (const Milliseconds wait : after)
        if (unknown_since + wait > now) return unknown_since + wait;
    return std::nullopt;
}

}  // namespace tandem::deliver
