// Rates and caps over HTTP, against the real daemon: what is refused and how it is told, whom
// it does not touch, and what a restart forgives.
//   node limits_test.mjs PROGRAMS

import assert from 'node:assert/strict';
import {createHmac} from 'node:crypto';

import {Gateway} from '../browser/gateway.mjs';
import {until} from '../browser/until.mjs';

const customer = '+15550100001';
const organizations = {
  tight: 'limits: {messages_per_minute: 8, calls_per_minute: 4}',
  busy: 'limits: {requests_per_minute: 12}',
  capped: 'daily: {messages: 2, calls: 1}',
  other: '',
  local: 'allow_regions: [US]',
  paying: 'daily: {cost: 0.02}, prices: {segment: 0.0079}',
};
const authToken = '00000000000000000000000000000000';

class LimitedGateway extends Gateway {
  text() {
    const all = Object.entries(organizations).map(([id, limits], number) => `
  - {id: ${id}, name: ${id}, default_region: US, numbers: ["+1555020000${number}"],
     channel: sandbox, voice: sandbox, responder: sandbox${limits && `, ${limits}`}}`).join('');
    return `
server:
  listen: "127.0.0.1:${this.port}"
  public_url: "https://gateway.example.com"
  trusted_proxies: [127.0.0.1/32]
storage: {plugin: sqlite, options: {path: "${this.folder}/tandem.db"}}
auth:
  - {plugin: jwt, options: {algorithm: HS256, secret: "0123456789abcdef0123456789abcdef"}}
providers:
  - {id: sandbox, plugin: sandbox, options: {delay_ms: 20}}
  - id: twilio
    plugin: twilio
    options:
      account_sid: "AC00000000000000000000000000000000"
      auth_token: "${authToken}"
      api_base_url: "http://127.0.0.1:9"
organizations:${all}
plugins: {trusted_uid: ${process.getuid()}}
conversation: {coalesce_ms: 0}
limits:
  requests_per_minute_per_address: 40
  bad_signatures_per_minute_per_address: 8
`;
  }
}

const gateway = await LimitedGateway.create(process.argv[2]);
const failures = [];
const tokens = {};

async function promise(what, verb) {
  try {
    await verb();
  } catch (failure) {
    failures.push(what);
    console.log(`not ok: ${what}\n${failure.message}\n`);
  }
}

let stranger = 0;
/** An address of the documentation's; each call another one unless one is given. */
const address = () => `203.0.113.${++stranger % 250 + 1}`;

async function ask(method, path, {org = 'other', json, from = address(), headers = {}, token} = {}) {
  const answer = await fetch(gateway.url + path, {
    method,
    headers: {Authorization: `Bearer ${token ?? tokens[org]}`, 'X-Forwarded-For': from,
              ...(json && {'Content-Type': 'application/json'}), ...headers},
    body: json && JSON.stringify(json),
  });
  const text = await answer.text();
  let body;
  try {
    body = JSON.parse(text);
  } catch {
    body = null;
  }
  return {status: answer.status, headers: answer.headers, body, text};
}

const write = (org, to = customer) =>
  ask('POST', `/api/conversations/${encodeURIComponent(to)}/messages`,
      {org, json: {message: 'Hello'}});
const call = (org, phoneNumber = customer, more = {}) =>
  ask('POST', '/api/conversations/outbound-call', {org, json: {phoneNumber, ...more}});
const list = (given) => ask('GET', '/api/conversations', given);

/** The first that is refused: between two requests there may be time for one more. */
const inTheEnd = (ask) => until('a refusal', async () => {
  const got = await ask();
  return got.status === 429 && got;
});

function refused(got, policy) {
  assert.equal(got.status, 429, got.text);
  assert.equal(got.headers.get('content-type'), 'application/problem+json');
  assert.deepEqual([got.body.code, got.body.status, got.body.success], ['RATE_LIMITED', 429, false]);
  assert.ok(got.body.requestId && got.body.title && got.body.type && got.body.instance);
  const wait = Number(got.headers.get('retry-after'));
  assert.ok(Number.isInteger(wait) && wait >= 1, `Retry-After: ${got.headers.get('retry-after')}`);
  if (!policy) return wait;
  assert.match(got.headers.get('ratelimit-policy'), new RegExp(`"${policy}";q=\\d+;w=60$`));
  assert.equal(got.headers.get('ratelimit').split(', ').pop(), `"${policy}";r=0;t=${wait}`);
  return wait;
}

async function messages() {
  await promise('an organisation over its messages is refused, and another one is not', async () => {
    assert.deepEqual([(await write('tight')).status, (await write('tight')).status], [200, 200]);
    const before = await ask('GET', `/api/conversations/${encodeURIComponent(customer)}`,
                             {org: 'tight'});
    for (let i = 0; i < 20; ++i) refused(await write('tight'), 'messages');
    const after = await ask('GET', `/api/conversations/${encodeURIComponent(customer)}`,
                            {org: 'tight'});
    assert.equal(after.body.data.messages.filter((one) => one.sentBy === 'human_agent').length,
                 before.body.data.messages.filter((one) => one.sentBy === 'human_agent').length);
    for (let i = 0; i < 10; ++i) assert.equal((await write('other')).status, 200);
  });
  await promise('what is wrong with a request comes before its rate', async () => {
    assert.equal((await ask('POST', `/api/conversations/${encodeURIComponent(customer)}/messages`,
                            {org: 'tight', json: {message: ''}})).status, 400);
  });
  await promise('calls have a rate of their own', async () => {
    assert.equal((await call('tight')).status, 200);
    refused(await call('tight', '+15550100002'), 'calls');
    assert.equal((await call('other')).status, 200);
    // One for later is counted when it begins.
    const later = new Date(Date.now() + 3_600_000).toISOString();
    assert.equal((await call('tight', '+15550100003', {scheduledTime: later})).status, 200);
  });
}

async function requests() {
  await promise('a credential has its requests, and is told what is left', async () => {
    const first = await list({org: 'busy'});
    assert.equal(first.status, 200);
    assert.equal(first.headers.get('ratelimit-policy'), '"requests";q=12;w=60');
    assert.equal(first.headers.get('ratelimit'), '"requests";r=2;t=5');
    await list({org: 'busy'});
    await list({org: 'busy'});
    refused(await list({org: 'busy'}), 'requests');
    assert.equal((await list()).status, 200);
    assert.equal((await list()).headers.get('ratelimit'), null);
    const second = await gateway.token({org: 'busy', sub: 'agent-2'});
    assert.equal((await list({token: second})).status, 200);
  });
  await promise('an address is limited before its credential is looked at', async () => {
    const from = '198.51.100.1';
    for (let i = 0; i < 10; ++i)
      assert.equal((await list({token: 'x.y.z', from})).status, 401);
    refused(await inTheEnd(() => list({token: 'x.y.z', from})), 'address');
    refused(await inTheEnd(() => list({from})), 'address');
    // Another address, the proxy itself, and health are not touched.
    assert.equal((await list({from: '198.51.100.2'})).status, 200);
    assert.equal((await list({from: '127.0.0.1'})).status, 200);
    assert.equal((await fetch(`${gateway.url}/livez`, {headers: {'X-Forwarded-For': from}})).status,
                 200);
  });
  await promise('somebody left of the last trusted proxy is believed by nobody', async () => {
    for (let i = 0; i < 10; ++i)
      await list({from: `203.0.113.${i}, 198.51.100.7`});
    let other = 10;
    refused(await inTheEnd(() => list({from: `203.0.113.${++other}, 198.51.100.7`})), 'address');
  });
}

async function webhooks() {
  await promise('webhooks are limited by bad signatures alone', async () => {
    const path = '/api/webhooks/twilio/sms/incoming';
    const from = '198.51.100.9';
    const tell = (number, good) => {
      const fields = {MessageSid: `SM${String(number).padStart(32, '0')}`, From: customer,
                      To: '+15559990000', Body: 'Hello',
                      AccountSid: 'AC00000000000000000000000000000000'};
      const text = `https://gateway.example.com${path}` +
          Object.keys(fields).sort().map((name) => name + fields[name]).join('');
      const signature = createHmac('sha1', good ? authToken : 'wrong').update(text).digest('base64');
      return fetch(gateway.url + path, {
        method: 'POST',
        headers: {'X-Twilio-Signature': signature, 'X-Forwarded-For': from},
        body: new URLSearchParams(fields),
      });
    };
    for (let i = 0; i < 2; ++i) assert.equal((await tell(i, false)).status, 403);
    for (let i = 0; i < 20; ++i) {
      const got = await tell(i, false);
      assert.equal(got.status, 429);
      assert.equal((await got.json()).code, 'RATE_LIMITED');
    }
    // A genuine one, here for a number of nobody, passes from the same address.
    for (let i = 0; i < 50; ++i) assert.equal((await tell(i, true)).status, 404);
    const told = () => gateway.output.split('\n').filter((line) => line.includes('not genuine'));
    await until('both to be in the log', () => told().length >= 2);
    assert.equal(told().length, 2);
  });
}

async function caps() {
  await promise('a cap of the day holds over a restart', async () => {
    assert.deepEqual([(await write('capped')).status, (await write('capped')).status], [200, 200]);
    assert.equal((await call('capped')).status, 200);
    const midnight = new Date().setUTCHours(24, 0, 0, 0);
    const wait = refused(await write('capped'));
    assert.ok(Math.abs(wait * 1000 - (midnight - Date.now())) < 60_000, `${wait}`);
    refused(await call('capped'));
    await gateway.kill('SIGKILL');
    await gateway.start();
    refused(await write('capped'));
    refused(await call('capped'));
    assert.equal((await write('other')).status, 200);
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    assert.match(metrics, /tandem_daily_cap_reached_total\{cap="messages"\} 1/);
  });
}

async function money() {
  await promise('what a day costs is told in full, and its cap holds over a restart', async () => {
    assert.deepEqual([(await write('paying')).status, (await write('paying')).status], [200, 200]);
    refused(await write('paying'));
    const {data} = (await ask('GET', '/api/limits', {org: 'paying'})).body;
    const day = new Date().toISOString().slice(0, 10);
    const {endsAt, ...told} = data;
    assert.equal(Date.parse(endsAt), new Date().setUTCHours(24, 0, 0, 0));
    const none = (spent) => ({spent, reserved: 0, cap: null});
    assert.deepEqual(told, {
      organizationId: 'paying', day, counted: true, messages: none(2), segments: none(2),
      calls: none(0), callMinutes: none(0), cost: {spent: '0.0158', reserved: '0', cap: '0.02'},
    });
    await gateway.kill('SIGKILL');
    await gateway.start();
    refused(await write('paying'));
    assert.deepEqual((await ask('GET', '/api/limits', {org: 'paying'})).body.data, data);
    assert.equal((await ask('GET', '/api/limits')).body.data.counted, false);
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    assert.match(metrics, /tandem_daily_cap_reached_total\{cap="cost"\} 1/);
  });
}

async function countries() {
  for (const number of ['+442079460123', '+18765550123', '+80012345678'])
    await promise(`${number} is neither written to nor called from one country alone`, async () => {
      for (const got of [await write('local', number), await call('local', number)]) {
        assert.deepEqual([got.status, got.body.code], [422, 'NUMBER_NOT_ALLOWED'], got.text);
        assert.match(got.body.detail, /neither writes to nor calls/);
      }
      assert.equal((await write('other', number)).status, 200);
    });
  await promise('its own country is', async () =>
    assert.deepEqual([(await write('local')).status, (await call('local')).status], [200, 200]));
}

async function numbers() {
  const rows = [
    ['911', 400, 'INVALID_PHONE_NUMBER'], ['112', 400, 'INVALID_PHONE_NUMBER'],
    ['999', 400, 'INVALID_PHONE_NUMBER'], ['+1911', 400, 'INVALID_PHONE_NUMBER'],
    ['+19002345678', 422, 'NUMBER_NOT_ALLOWED'], ['+881612345678', 422, 'NUMBER_NOT_ALLOWED'],
    ['+870773111632', 422, 'NUMBER_NOT_ALLOWED'], ['+449098790123', 422, 'NUMBER_NOT_ALLOWED'],
    ['+979123456789', 422, 'NUMBER_NOT_ALLOWED'], ['+15550200003', 400, 'INVALID_PHONE_NUMBER'],
  ];
  for (const [number, status, code] of rows)
    await promise(`${number} is neither written to nor called`, async () => {
      for (const got of [await write('other', number), await call('other', number)]) {
        assert.deepEqual([got.status, got.body.code], [status, code], got.text);
        assert.equal(got.body.errors[0].field, 'phoneNumber');
      }
    });
  for (const [number, status, code] of [...rows.slice(0, -1), ['+15550200003', 422, 'NUMBER_NOT_ALLOWED']])
    await promise(`a call is not put through to ${number}`, async () => {
      const got = await ask('POST', '/api/human-control/join', {
        json: {phoneNumber: customer, takeCall: {action: 'transfer', to: number}}});
      assert.deepEqual([got.status, got.body.code], [status, code], got.text);
      assert.equal(got.body.errors[0].field, 'takeCall.to');
    });
}

try {
  await gateway.start();
  for (const org of Object.keys(organizations)) tokens[org] = await gateway.token({org});
  await messages();
  await requests();
  await webhooks();
  await numbers();
  await countries();
  await caps();
  await money();
} finally {
  await gateway.remove();
}
assert.deepEqual(failures, []);
