// R01-R14: what a provider may answer, and what then becomes of a text, as the API shows it. Every
// answer in detail, and what needs an hour, is in tests/unit/twilio and tests/unit/fetch.

import assert from 'node:assert/strict';
import {gzipSync} from 'node:zlib';

import {until} from '../browser/until.mjs';
import {twilioSignature, account, number} from './house.mjs';
import {Line} from './player.mjs';
import {Home} from './provider_house.mjs';

export {Home};

const incoming = '/api/webhooks/twilio/sms/incoming';
const path = (phone) => `/api/conversations/${encodeURIComponent(phone)}/messages`;

export async function provider({house, request, ask, tokens}) {
  const {fake, other} = house;
  for (const org of ['orders', 'strange', 'old', 'nowhere']) tokens[org] = await house.token({org});
  let customers = 4155560000;
  const customer = () => `+1${++customers}`;
  const ends = [];  // what is looked up later: who, and the message's status in the end

  const messages = async (phone, as = 'demo') =>
    (await ask('GET', path(phone), {as})).data.messages;
  const last = async (phone, as) => (await messages(phone, as)).at(-1);
  const owed = async (phone, as = 'demo') => {
    const {data} = await ask('GET', '/api/outbox?state=waiting&limit=200', {as});
    return data.entries.find((one) => one.phoneNumber === phone && one.kind === 'send');
  };
  const write = async (phone, as = 'demo') =>
    (await ask('POST', path(phone), {json: {message: 'Your bike is ready.'}, as})).data.messageId;
  const becomes = (phone, wanted, as) => until(`${phone} to be ${wanted}`, async () => {
    const {status} = await last(phone, as);
    return wanted.includes(status) && status;
  });
  /** Two good ones behind each: what many failures do to the rest is the breaker's matter. */
  const calm = () => Promise.all([customer(), customer()].map(async (phone) => {
    await write(phone);
    await becomes(phone, ['delivered']);
  }));
  const mood = (phone, more, at = fake) =>
    at.order('mood', {endpoint: 'messages.create', match: {To: phone}, ...more});

  /** A text that the provider answers so: its status at once, and, in the end, once looked up. */
  const answered = (name, more, status, end) =>
    ({name, stores: 'some', scene: async () => {
      const phone = customer();
      await mood(phone, more);
      await write(phone);
      await becomes(phone, [status, end]);
      if (end) ends.push([name, phone, end]);
      await calm();
    }});
  /** Certainly not sent: it comes back at its time. */
  const comesBack = (name, more, from_s, to_s, {at = fake, as = 'demo'} = {}) =>
    ({name, stores: 'some', scene: async () => {
      const phone = customer();
      await mood(phone, typeof more === 'function' ? more() : more, at);
      const begin = Date.now();
      await write(phone, as);
      const entry = await until('it to come back later', async () => {
        const found = await owed(phone, as);
        // Who looks too seldom may only see that it went out again.
        const through = to_s <= 60 && !found && (await last(phone, as)).status === 'delivered';
        return through ? {} : found?.lastError && found;
      });
      if (!entry.id) {
        const took = (Date.now() - begin) / 1000;
        assert.ok(took >= from_s, `again after ${took} s`);
        ends.push([name, phone, 'delivered', as]);
        return;
      }
      const wait = (Date.parse(entry.dueAt) - begin) / 1000;
      assert.ok(wait >= from_s && wait <= to_s + (Date.now() - begin) / 1000, `due in ${wait} s`);
      assert.equal(entry.messageStatus, 'sending');
      if (to_s > 60) {
        await ask('POST', `/api/outbox/${entry.id}/retry`, {as});
        await becomes(phone, ['delivered'], as);
      } else {
        ends.push([name, phone, 'delivered', as]);
      }
      if (as === 'demo') await calm();
    }});
  const later = (seconds) => new Date(Date.now() + seconds * 1000).toUTCString();
  const busy = (retry_after) => ({form: 'status', status: 429, retry_after});
  const error = (status, code) => ({form: 'status', status, ...(code ? {code} : {})});
  const taken = (form) => ({form, accept: true});

  return [
    // Those that take their time are begun first and looked at last.
    ...Object.entries({'R05 no answer at all': taken('silence'),
                       'R07 a byte a second': taken('trickle')}).map(([name, more]) =>
      ({name, stores: 'some', scene: async () => {
        const phone = customer();
        await mood(phone, more);
        await write(phone);
        ends.push([name, phone, 'delivered']);
      }})),

    comesBack('R01 Retry-After of 5 s', busy('5'), 5, 5.1),
    comesBack('R01 a date', () => busy(later(30)), 20, 31),
    comesBack('R01 999999', busy('999999'), 3590, 3600.1),
    ...['soon', '-5', '', '5 s'].map((text) =>
      comesBack(`R01 '${text}' is the table's second`, busy(text), 0, 1.1)),

    ...[500, 502, 503, 504].map((status) =>
      answered(`R02 ${status} although it was taken`, {...error(status), accept: true}, 'unknown',
               'delivered')),
    answered('R02 500, not taken', error(500), 'unknown'),

    answered('R03 no number', error(400, 21211), 'failed'),
    ({name: 'R03 opted out', stores: 'some', scene: async () => {
      const phone = customer();
      await mood(phone, error(400, 21610));
      await write(phone);
      await becomes(phone, ['failed']);
      const {data} = await ask('GET', `/api/conversations/${encodeURIComponent(phone)}`);
      assert.equal(data.optedOut, true, JSON.stringify(data));
      const again = await fetch(house.url + path(phone), {
        method: 'POST', body: '{"message":"Hello?"}',
        headers: {authorization: `Bearer ${tokens.demo}`, 'content-type': 'application/json'}});
      assert.equal(again.status, 409);
      await calm();
    }}),

    ...['html', 'garbage', 'empty'].map((form) =>
      answered(`R04 ${form}`, taken(form), 'unknown', 'delivered')),
    ...Object.entries({'no sid': {}, 'a sid that is none': {sid: 'banana'}, 'a list': [],
                       'a sid of another kind': {sid: `CA${'1'.repeat(32)}`}, 'a number': 5})
        .map(([name, body]) => answered(`R04 ${name}`, {form: 'say', status: 201, body},
                                        'unknown')),

    ...['reset', 'close', 'truncated', 'wrong_length'].map((form) =>
      answered(`R05 ${form}`, taken(form), 'unknown', 'delivered')),

    ...[301, 302, 303, 307, 308].map((status) =>
      answered(`R06 ${status}`, {form: 'redirect', status, accept: true,
                                 location: `http://127.0.0.1:${house.portOf('elsewhere')}/`},
               'unknown', 'delivered')),
    // Meanwhile those of before are looked up.
    ({name: 'R06 nobody was followed', stores: 'any',
      scene: () => assert.equal(house.requests.elsewhere, 0)}),

    answered('R07 16 MiB', taken('huge'), 'unknown', 'delivered'),
    answered('R07 10,000 fields', taken('fields'), 'unknown', 'delivered'),
    answered('R07 a bomb of gzip', {...taken('packed'),
                                    bytes: gzipSync(Buffer.alloc(64 << 20)).toString('base64')},
             'unknown', 'delivered'),

    ({name: 'R08 a certificate of nobody', stores: 'some', scene: async () => {
      const phone = customer();
      await write(phone, 'strange');
      await becomes(phone, ['failed'], 'strange');
      const {data} = await ask('GET', '/api/outbox?state=waiting', {as: 'strange'});
      assert.deepEqual(data.entries, []);
      assert.equal(house.requests.strange, 0, 'it was told something');
      assert.match(house.output, /"code":"TLS_FAILED","reason":"[^"]*TLS: [^"]*certificate/);
    }}),
    ({name: 'R08 TLS 1.1', stores: 'some', scene: async () => {
      const phone = customer();
      await write(phone, 'old');
      const entry = await until('it to be tried', async () => {
        const found = await owed(phone, 'old');
        return found?.lastError && found;
      });
      assert.match(entry.lastError, /protocol|TLS|SSL/);
      assert.equal((await last(phone, 'old')).status, 'sending');
      assert.equal(house.requests.old, 0, 'it was told something');
      await ask('DELETE', `/api/outbox/${entry.id}`, {as: 'old'});
    }}),

    ({name: 'R09 a name without an address', stores: 'some', scene: async () => {
      const phone = customer();
      await write(phone, 'nowhere');
      const entry = await until('it to be tried', async () => {
        const found = await owed(phone, 'nowhere');
        return found?.lastError && found;
      });
      assert.match(entry.lastError, /resolve/i);
      assert.equal((await last(phone, 'nowhere')).status, 'sending');
      await ask('DELETE', `/api/outbox/${entry.id}`, {as: 'nowhere'});
    }}),

    ({name: 'R10 the id of another text', stores: 'some', scene: async () => {
      const [before] = await fake.order('messages');
      const phone = customer();
      await mood(phone, {form: 'say', status: 201, body: {sid: before.sid, status: 'queued'}});
      await write(phone);
      await until('its outcome', async () => !await owed(phone));
      assert.equal((await last(phone)).status, 'sending');
      assert.match(house.output, /the store refused what became of a message/);
      assert.equal((await last(before.to)).status, 'delivered');
      await calm();
    }}),

    ...[['delivered', 'sent', 'queued'], ['sent', 'delivered', 'queued'],
        ['delivered', 'queued', 'sent'], ['failed', 'queued', 'sent']].map((callbacks) =>
      answered(`F21 called back ${callbacks}`, {callbacks},
               callbacks.includes('failed') ? 'failed' : 'delivered')),
    answered('R11 called back before the answer',
             {callbacks: ['queued', 'sent', 'delivered'], before_answer: true}, 'delivered'),
    answered('R11 called back, never answered',
             {form: 'close', callbacks: ['sent', 'delivered'], before_answer: true}, 'delivered'),

    ({name: 'R12 delivered thrice', stores: 'some', scene: async () => {
      const phone = customer();
      const line = await Line.open(house.port);
      line.send(request('GET', '/api/stream/organization?types=sms_status_update', {as: 'demo'}));
      assert.equal((await line.answer()).status, 200);
      await mood(phone, {callbacks: ['sent', 'delivered'], times: 3});
      const id = await write(phone);
      const told = async () => (await fake.order('sent'))
          .filter((one) => JSON.stringify(one).includes(encodeURIComponent(id)));
      await until('all of them to be told', async () => (await told()).length >= 6);
      await until('it to be delivered', async () => (await last(phone)).status === 'delivered');
      await line.said(new RegExp(`"messageId":"${id}"[^\\n]*"delivered"[^]*event: heartbeat`));
      const events = line.received.toString().split('\n')
          .filter((one) => one.startsWith('data:') && one.includes(id) &&
                           one.includes('"delivered"'));
      assert.equal(events.length, 1, events.join('\n'));
      line.leave();
    }}),

    ...Object.entries({'markup': ['<script>alert(1)</script>', '<script>alert(1)</script>'],
                       'controls': ['a\u0007b\u001b[31mc', 'ab[31mc'],
                       'a lone surrogate\'s bytes': [Buffer.from('eda080', 'hex'), '\ufffd']})
        .map(([name, [text, kept]]) =>
          ({name: `R13 ${name}`, stores: 'some', scene: async () => {
            const phone = customer();
            await receive(phone, text);
            await becomes(phone, ['delivered']);
            const {content} = await last(phone);
            assert.ok(content.startsWith('You wrote: ') && content.includes(kept), content);
          }})),
    ({name: 'R13 to 60 KiB', stores: 'some', scene: async () => {
      const phone = customer();
      await receive(phone, 'word '.repeat(12_000));
      await becomes(phone, ['delivered']);
      const answers = (await messages(phone)).slice(1);
      assert.ok(answers.length <= 3, 'three messages at most');
      for (const {content} of answers) assert.ok(content.length <= 1600, `${content.length}`);
    }}),
    ({name: 'R13 nothing', stores: 'some', scene: async () => {
      const phone = customer();
      await receive(phone, 'fail');
      await until('a person to be asked for', async () => {
        const {data} = await ask('GET', `/api/conversations/${encodeURIComponent(phone)}`);
        return JSON.stringify(data).includes('responder_failed');
      });
      assert.equal((await messages(phone)).length, 1);
    }}),

    ({name: 'R14 an hour ahead', stores: 'some', scene: async () => {
      await other.order('clock', {ahead_s: 3600});
      const phone = customer();
      await mood(phone, taken('reset'), other);
      await write(phone, 'orders');
      await becomes(phone, ['unknown', 'delivered'], 'orders');
      ends.push(['R14', phone, 'delivered', 'orders']);
      const next = customer();
      await write(next, 'orders');
      await becomes(next, ['delivered'], 'orders');
    }}),
    comesBack('R14 Retry-After by that clock', () => busy(later(3605)), 0, 31,
              {at: other, as: 'orders'}),

    ({name: 'R02, R04, R05, R07 what was unknown is known', stores: 'some', scene: async () => {
      // Which it is as well when it was sent once: the fakes tell of every broken rule.
      for (const [name, phone, end, as] of ends)
        await becomes(phone, [end], as).catch(async () =>
          assert.fail(`${name}: ${(await last(phone, as)).status} instead of ${end}`));
      const sent = [...await fake.order('messages'), ...await other.order('messages')];
      for (const [name, phone] of ends)
        assert.equal(sent.filter((one) => one.to === phone).length, 1,
                     `${name}: how often it was sent`);
      for (const one of [fake, other]) assert.deepEqual(await one.order('violations'), []);
    }}),
    ({name: 'R03 the account is refused', stores: 'some', scene: async () => {
      await other.order('mood', {endpoint: 'messages.create', count: -1, ...error(401)});
      const phone = customer();
      await write(phone, 'orders');
      await until('it to be known', async () =>
        (await (await fetch(`${house.url}/readyz`)).text()).includes('degraded'));
      assert.equal((await last(phone, 'orders')).status, 'sending');
      assert.match(house.output, /a provider refuses the account/);
      await calm();
    }, counts: 'tandem_provider_account_refusals_total{provider="orders"}'}),
  ];

  /** A customer's text, as the provider tells of it. */
  async function receive(from, text) {
    const fields = [['MessageSid', `SM${String(++customers).padStart(32, '0')}`],
                    ['AccountSid', account.demo], ['From', from], ['To', number.demo],
                    ['Body', text], ['NumMedia', '0']];
    const body = fields.map(([name, value]) => `${name}=${escaped(value)}`).join('&');
    const line = await Line.open(house.port);
    line.send(request('POST', incoming, {body, headers: {
      'Content-Type': 'application/x-www-form-urlencoded',
      'X-Twilio-Signature': twilioSignature(incoming, fields)}}));
    assert.equal((await line.answer())?.status, 200);
    line.leave();
  }
}

/** Bytes as they are, whatever they mean. */
function escaped(value) {
  return [...Buffer.from(value)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
}
