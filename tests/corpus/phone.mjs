// P01-P15: addresses of people, as API callers and providers write them. How each is read is in
// tests/unit/domain/address_test.cpp; here they meet the routes that make somebody of them.

import assert from 'node:assert/strict';
import {randomBytes} from 'node:crypto';

import {account, number, twilioSignature} from './house.mjs';

const incoming = '/api/webhooks/twilio/sms/incoming';

export function phone({request, ask}) {
  const lead = (phoneNumber) => request('POST', '/api/leads', {
    as: 'demo', body: JSON.stringify({phoneNumber}), headers: {'Content-Type': 'application/json'}});
  const read = (name, written, stored) =>
    ({name, send: lead(written), answers: [201], stores: 'some',
      contains: `"phoneNumber":"${stored}"`});
  const again = (name, written) => ({name, send: lead(written), answers: [409], code: 'LEAD_EXISTS'});
  const none = (name, written) =>
    ({name, send: lead(written), answers: [400], code: 'INVALID_PHONE_NUMBER'});
  const from = (caller) => {
    const fields = Object.entries({MessageSid: `SM${randomBytes(16).toString('hex')}`,
                                   AccountSid: account.demo, From: caller, To: number.demo,
                                   Body: 'Hello', NumMedia: '0'});
    return request('POST', incoming, {
      body: fields.map((pair) => pair.map(encodeURIComponent).join('=')).join('&'),
      headers: {'Content-Type': 'application/x-www-form-urlencoded',
                'X-Twilio-Signature': twilioSignature(incoming, fields)}});
  };
  const conversations = async () =>
    (await ask('GET', '/api/conversations?limit=200')).data.conversations;
  const typed = (name, caller, kept) =>
    ({name, send: from(caller), answers: [200], stores: 'some', after: async () => {
      const all = await conversations();
      assert.equal(all.filter((one) => one.phoneNumber === kept).length, 1, kept);
    }});
  const withheld = (caller) =>
    ({name: `P10 '${caller}'`, send: from(caller), answers: [200], stores: 'some',
      after: async (ground) => {
        const all = (await conversations()).filter((one) => one.phoneNumber.startsWith('withheld:'));
        ground.withheld = (ground.withheld ?? 0) + 1;
        assert.equal(all.length, ground.withheld);
      }});

  return [
    read('P01 E.164', '+14155557001', '+14155557001'),
    read('P02 brackets and dashes', '(415) 555-7002', '+14155557002'),
    read('P02 no-break spaces', '+1\u00a0415\u00a0555\u00a07003', '+14155557003'),
    read('P03 an international prefix', '0014155557004', '+14155557004'),
    read('P03 without a country', '4155557005', '+14155557005'),
    ...['+1555123456789012', '123456', '+', '++15551234567', '+05551234567', ''].map((text) =>
      text ? none(`P04 ${text}`, text)
           : {name: 'P04 empty', send: lead(''), answers: [400], code: 'MISSING_PHONE_NUMBER'}),
    read('P05 Arabic-Indic digits', '+١٤١٥٥٥٥٧٠٠٦', '+14155557006'),
    read('P05 full width', '＋１４１５５５５７００７', '+14155557007'),
    none('P06 zero width', '+1415\u200b5557008'),
    none('P06 right to left mark', '\u200f+14155557008'),
    none('P07 letters', '+1555CALLNOW'),
    none('P07 an extension', '+14155557008;ext=5'),
    typed('P08 a short code', '12345', 'shortcode:12345'),
    typed('P08 a name', 'ACME', 'sender:ACME'),
    ({name: 'P08 a name of twelve letters', send: from('ABCDEFGHIJKL'), answers: [400]}),
    none('P09 a typed address is no phone', 'whatsapp:+14155557009'),
    typed('P09 WhatsApp', 'whatsapp:+14155557009', 'whatsapp:+14155557009'),
    typed('P09 a client', 'client:bob', 'client:bob'),
    withheld('anonymous'),
    withheld('+266696687'),
    withheld('anonymous'),
    none('P11 911', '911'),
    none('P11 911 with the country', '+1911'),
    ...['+19005550123', '+881612345678', '+870773111632', '+447012345678'].flatMap((dear) => [
      ({name: `P12 a text to ${dear}`, answers: [422], code: 'NUMBER_NOT_ALLOWED',
        send: request('POST', `/api/conversations/${encodeURIComponent(dear)}/messages`, {
          as: 'other', body: '{"message":"Hello"}', headers: {'Content-Type': 'application/json'}})}),
      ({name: `P12 a call to ${dear}`, answers: [422], code: 'NUMBER_NOT_ALLOWED',
        send: request('POST', '/api/conversations/outbound-call', {
          as: 'other', body: JSON.stringify({phoneNumber: dear}),
          headers: {'Content-Type': 'application/json'}})}),
    ]),
    read('P13 the first spelling', '+14155557010', '+14155557010'),
    ...['4155557010', '(415) 555-7010', '1-415-555-7010', '%2B14155557010'].map((text) =>
      again(`P13 ${text}`, text)),
    none('P14 NUL', Buffer.from('+14155557011').toString() + '\t'),
    none('P14 CR LF', '+14155557011\r\n'),
    none('P14 SQL', "+14155557011' OR '1'='1"),
    none('P14 an encoded line feed', '%2B14155557011%0a'),
    ({name: 'P14 10 KiB', send: lead('1'.repeat(10_240)), answers: [400]}),
    ({name: 'P15 to our own number', answers: [400], code: 'INVALID_PHONE_NUMBER',
      send: request('POST', `/api/conversations/${encodeURIComponent(number.other)}/messages`, {
        as: 'other', body: '{"message":"Hello"}', headers: {'Content-Type': 'application/json'}})}),
  ];
}
