#include "unit/receive/recorded.h"

namespace tandem::receive {

class BodyHashTest : public Shop {
    CPPUNIT_TEST_SUITE(BodyHashTest);
    CPPUNIT_TEST(repetitions_hash_alike_and_contradictions_do_not);
    CPPUNIT_TEST_SUITE_END();

public:
    void repetitions_hash_alike_and_contradictions_do_not() {
        const std::string key = "k";
        const std::string hash = body_hash(text_, key);
        CPPUNIT_ASSERT_EQUAL(size_t{64}, hash.size());
        // Without the key nobody can try texts against what is kept of an erased one.
        CPPUNIT_ASSERT(hash != body_hash(text_, "l"));
        CPPUNIT_ASSERT_EQUAL(hash, body_hash(text_, key));
        MessageReceived later = text_;
        later.happened_at = moment_.now;
        CPPUNIT_ASSERT_EQUAL(hash, body_hash(later, key));
        std::vector<MessageReceived> others(5, text_);
        others[0].text = "Hello!";
        others[1].customer_address = "+1";
        others[2].provider_id = "SM2";
        others[3].media.push_back({"https://example.com/a", ""});
        others[4].business_address = "+1";
        for (const auto& other : others) CPPUNIT_ASSERT(hash != body_hash(other, key));
        // No part runs into the next.
        MessageReceived shifted = text_;
        shifted.provider_id = "SM1H";
        shifted.text = "ello";
        CPPUNIT_ASSERT(hash != body_hash(shifted, key));
    }

private:
    MessageReceived text_ = text("Hello");
};

CPPUNIT_TEST_SUITE_REGISTRATION(BodyHashTest);

}  // namespace tandem::receive
