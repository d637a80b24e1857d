// The contract while the gateway is not at its best: its storage is away, a provider takes its
// time, limits are reached, it shuts down, and what comes in is hardly HTTP. Every operation is
// asked in every state that it can be in.

import assert from 'node:assert/strict';
import {randomUUID} from 'node:crypto';
import {once} from 'node:events';
import {rm, writeFile} from 'node:fs/promises';
import {connect} from 'node:net';
import {join, resolve} from 'node:path';

import {Stream} from './described.mjs';
import {ApiGateway} from './gateway.mjs';
import {Provider} from './provider.mjs';
import {knownValues, rightRequest, webhookRequest} from './requests.mjs';

export async function states(ground) {
  for (const state of [storage, provider, crowds, streams, shutdown])
    await ground.promise(`the state ${state.name}`, () => state(ground));
}

/** Runs with a gateway of other settings, and removes it. */
async function at(ground, given, run) {
  const gateway = await ApiGateway.with(ground.programs, given);
  try {
    await gateway.start();
    const token = await gateway.token();
    await run({...ground, gateway, token, api: ground.api.at(gateway.url)});
  } catch (failure) {
    throw new Error(`${failure.stack}\n-- the gateway:\n${gateway.output.slice(-3000)}`);
  } finally {
    await gateway.remove();
  }
}

/** Whether the description of an operation has this answer. */
function may({responses}, status, code) {
  const problem = responses[status]?.content?.['application/problem+json'];
  return problem?.schema.allOf[1].properties.code.enum.includes(code);
}

async function storage(ground) {
  const mood = join(ground.moody, `mood-${process.pid}`);
  try {
    await moods(ground, mood);
  } finally {
    await rm(mood, {force: true});
  }
}

async function moods(ground, mood) {
  const usual = resolve(ground.programs, '../lib/tandem/plugins');
  const given = {storage: `{plugin: moody, options: {mood: "${mood}"}}`,
                 plugins: `, directories: ["${usual}", "${ground.moody}"]`};
  await writeFile(mood, 'sound');
  await at(ground, given, async ({gateway, api, token, promise, until}) => {
    const values = await knownValues(api, token);
    // What an organisation spent of its day is read once: here by somebody who spent nothing yet.
    const asks = {getLimits: await gateway.token({org: 'bare'})};
    await writeFile(mood, 'away');
    await until('the loss to be noticed', async () =>
      (await api.ask('getReadiness')).body.code === 'STORAGE_UNAVAILABLE');
    for (const operation of api.operations) {
      const {operationId: id} = operation;
      // These read nothing; the stream itself tells, with stream_end.
      if (!may(operation, 503, 'STORAGE_UNAVAILABLE') || id === 'followOrganization' || id === 'getMe') continue;
      await promise(`${id}: while the storage is away`, async () => {
        const got = await api.ask(id, rightRequest(operation, values, asks[id] ?? token));
        if (id.includes('conversation_initiation')) return defaults(got);
        assert.deepEqual([got.status, got.body?.code], [503, 'STORAGE_UNAVAILABLE'], got.text);
      });
    }
    await writeFile(mood, 'bare');
    for (const operation of api.operations)
      if (may(operation, 501, 'NOT_IMPLEMENTED'))
        await promise(`${operation.operationId}: of a store that has it not`, async () => {
          const got = await api.ask(operation.operationId, {
            ...rightRequest(operation, values, token), headers: {'Idempotency-Key': randomUUID()}});
          assert.deepEqual([got.status, got.body?.code], [501, 'NOT_IMPLEMENTED'], got.text);
        });
    await writeFile(mood, 'sound');
    await promise('once the storage is back, all is well', async () => {
      await until('readiness', async () => (await api.ask('getReadiness')).status === 200);
      const got = await api.ask('getConversation', {token, path: {phoneNumber: values.phoneNumber}});
      assert.equal(got.status, 200);
    });
  });
}

/** A call never fails for lack of context. */
function defaults(got) {
  assert.equal(got.status, 200, got.text);
  const variables = got.body.dynamic_variables;
  assert.equal(variables.conversation_context, 'No previous conversation');
  assert.equal(variables.customer_name, 'Customer');
  assert.equal(variables.lead_status, 'New Inquiry');
  assert.equal(variables.previous_summary, 'No previous calls');
  assert.equal(Object.keys(variables).length, 9);
}

/** While somebody waits for a provider. */
async function provider(ground) {
  const held = await Provider.start();
  try {
    await at(ground, {provider: held.url, more: 'conversation: {coalesce_ms: 0}'}, async (here) => {
      const {api, promise, until} = here;
      const token = await here.gateway.token({org: 'real'});
      const to = '+15550400001';
      const waits = (count) => until('the provider to be asked', async () => held.waiting.length >= count);
      await promise('a call that is being placed', async () => {
        const given = {token, json: {phoneNumber: to}, headers: {'Idempotency-Key': randomUUID()}};
        const first = api.ask('placeCall', given);
        await waits(1);
        const again = await api.ask('placeCall', given);
        assert.deepEqual([again.status, again.body.code], [409, 'IDEMPOTENCY_IN_PROGRESS']);
        assert.match(again.headers.get('retry-after'), /^\d+$/);
        held.refuse();
        const {status, body} = await first;
        assert.deepEqual([status, body.code], [502, 'PROVIDER_FAILED']);
      });
      await promise('a text of the AI on the wire, and a human joins', async () => {
        const operation = api.operation('post_api_webhooks_twilio_sms_incoming');
        const got = await api.ask(operation.operationId, webhookRequest(operation));
        assert.equal(got.status, 200, got.text);
        await waits(1);
        const {body} = await api.ask('listOutbox', {token, query: {state: 'waiting'}});
        const owed = body.data.entries.find((one) => one.kind === 'send');
        for (const id of ['retryOwed', 'dropOwed']) {
          const busy = await api.ask(id, {token, path: {id: owed.id}});
          assert.deepEqual([busy.status, busy.body.code], [409, 'OUTBOX_BUSY'], busy.text);
        }
        const joining = {token, json: {phoneNumber: owed.phoneNumber}};
        const joined = await api.ask('joinConversation', joining);
        assert.deepEqual(joined.body.data.pendingSends, [owed.subjectId]);
        for (const id of ['joinConversation', 'joinConversationByShortPath']) {
          let first, second;
          // One that is held up for longer than the other waits finds it done.
          for (let i = 0; i < 5 && second?.status !== 409; ++i) {
            const keyed = {...joining, headers: {'Idempotency-Key': randomUUID()}};
            const both = await Promise.all([api.ask(id, keyed), api.ask(id, keyed)]);
            [first, second] = both.sort((a, b) => a.status - b.status);
          }
          assert.deepEqual([first.status, second.status, second.body.code],
                           [200, 409, 'IDEMPOTENCY_IN_PROGRESS']);
        }
        held.refuse();
      });
    });
  } finally {
    held.stop();
  }
}

/** More than is allowed: bytes, streams, tickets. */
async function crowds(ground) {
  const padding = {'X-Padding': 'x'.repeat(3000)};
  await at(ground, {more: 'limits: {buffered_bytes: 3000, body_bytes: 2000, webhook_body_bytes: 2000}'}, async ({api, token, promise}) => {
    const values = {phoneNumber: '+15550100001', lead: 'none', call: 'none', owed: 'none'};
    for (const operation of api.operations)
      await promise(`${operation.operationId}: in a crowd`, async () => {
        const given = rightRequest(operation, values, token);
        const got = await api.ask(operation.operationId,
                                  {...given, headers: {...given.headers, ...padding}});
        assert.deepEqual([got.status, got.body?.code], [503, 'OVERLOADED'], got.text);
      });
  });
  const server = ', trusted_proxies: ["127.0.0.1"]';
  const stream = ', max_per_credential: 2';
  await at(ground, {server, stream, more: 'limits: {header_seconds: 2}'}, async ({gateway, promise, api, token}) => {
    await promise('figures are for those who are near, and for admins', async () => {
      const headers = {'X-Forwarded-For': '203.0.113.7'};
      const mine = await gateway.token({permissions: 'conversations:read'});
      for (const [credential, status, code] of [[undefined, 401, 'MISSING_TOKEN'],
                                                ['odd', 401, 'INVALID_TOKEN'],
                                                [ground.tokens.over, 401, 'TOKEN_EXPIRED'],
                                                [mine, 403, 'PERMISSION_DENIED'],
                                                [token, 200, undefined]]) {
        const got = await api.ask('getMetrics', {token: credential, headers});
        assert.deepEqual([got.status, got.body?.code], [status, code], got.text);
      }
    });
    const limited = (got) => assert.deepEqual([got.status, got.body?.code], [429, 'RATE_LIMITED']);
    const path = {leadId: 'none'};
    const query = {phoneNumber: '+15550100001'};
    await promise('more streams than one credential may have', async () => {
      const mine = await gateway.token({sub: 'watcher'});
      const open = [await Stream.open(api, 'followConversation', {token: mine, path, query}),
                    await Stream.open(api, 'followOrganization', {token: mine})];
      limited(await api.ask('followConversation', {token: mine, path, query}));
      limited(await api.ask('followOrganization', {token: mine}));
      for (const one of open) await one.close();
    });
    await promise('more tickets than anybody uses', async () => {
      for (let i = 0; i < 200; ++i)
        assert.equal((await api.ask('createStreamTicket', {token, json: {organization: true}})).status, 200);
      limited(await api.ask('createStreamTicket', {token, json: {organization: true}}));
    });
    await brokenHttp({gateway, promise, api});
  });
}

/** What is hardly HTTP, by the codes that the description says it gets. */
async function brokenHttp({gateway, promise, api}) {
  const host = `Host: 127.0.0.1\r\n`;
  const broken = {
    BAD_REQUEST: 'GET / HTTP/1.1\r\n\r\n',
    REQUEST_TIMEOUT: `GET /livez HTTP/1.1\r\n${host}`,
    LENGTH_REQUIRED: `POST /api/leads HTTP/1.1\r\n${host}\r\n`,
    PAYLOAD_TOO_LARGE: `GET /livez HTTP/1.1\r\n${host}Content-Length: 9\r\n\r\n`,
    URI_TOO_LONG: `GET /${'x'.repeat(20000)} HTTP/1.1\r\n${host}\r\n`,
    EXPECTATION_FAILED: `POST /api/leads HTTP/1.1\r\n${host}Expect: odd\r\nContent-Length: 2\r\n\r\n`,
    HEADERS_TOO_LARGE: `GET /livez HTTP/1.1\r\n${host}X: ${'x'.repeat(20000)}\r\n\r\n`,
    NOT_IMPLEMENTED: `ODD /livez HTTP/1.1\r\n${host}\r\n`,
    VERSION_NOT_SUPPORTED: `GET /livez HTTP/2.0\r\n${host}\r\n`,
  };
  const described = [...api.openapi.info.description.matchAll(/`([A-Z_]+)` \((\d{3})\)/g)];
  assert.deepEqual(described.map(([, code]) => code).sort(), Object.keys(broken).sort());
  for (const [, code, status] of described)
    await promise(`broken HTTP: ${code}`, async () => {
      const socket = connect(gateway.port, '127.0.0.1');
      socket.write(broken[code]);
      let text = '';
      for await (const chunk of socket.setEncoding('latin1')) text += chunk;  // to its end: closed
      const [head, body] = text.split('\r\n\r\n');
      assert.match(head, new RegExp(`^HTTP/1.1 ${status} `), text);
      assert.match(head, /\r\ncontent-type: application\/problem\+json/i);
      assert.match(head, /\r\nconnection: close/i);
      api.bodies.check({$ref: '#/components/schemas/Problem'}, JSON.parse(body), code);
      assert.equal(JSON.parse(body).code, code);
    });
}

/** What is seldom seen on a stream. */
async function streams(ground) {
  const more = 'conversation: {human_control_idle_s: 1}';
  await at(ground, {more}, async ({api, token, promise, until}) => {
    const from = '+15550100001';
    const write = (text) => api.ask('playCustomerText', {token, json: {from, text}});
    await write('hello');
    const {body} = await api.ask('getConversation', {token, path: {phoneNumber: from}});
    const path = {leadId: body.data.lead.id};
    await api.ask('joinConversation', {token, json: {phoneNumber: from}});
    await promise('the history first, then what is new; nothing twice', async () => {
      const query = {load: 'true', phoneNumber: from, organizationId: 'demo'};
      const stream = await Stream.open(api, 'followConversation', {token, path, query});
      const history = await stream.event(until, 'conversation_history');
      assert.ok(stream.retry > 0);
      assert.equal(stream.events[0].type, 'connected');
      assert.equal(history.humanControl.status, 'active');
      await write('something new');
      const {conversationMessage} = await stream.event(until, 'sms_received');
      assert.ok(!history.messages.some((one) => one.id === conversationMessage.id));
      await stream.event(until, 'heartbeat');
      const over = await stream.event(until, 'human_control_timeout');
      assert.equal(over.session.status, 'timed_out');
      await stream.close();
    });
    for (const [what, headers, query] of [['malformed', {'Last-Event-ID': 'odd'}, {}],
                                          ['unknown', {}, {lastEventId: `${'0'.repeat(16)}-999999`}]])
      await promise(`a place that is ${what}`, async () => {
        const stream = await Stream.open(api, 'followConversation', {token, path, query, headers});
        const history = await stream.event(until, 'conversation_history');
        const types = stream.events.map((one) => one.type);
        assert.deepEqual(types.slice(0, 3), ['connected', 'stream_reset', 'conversation_history']);
        assert.ok(history.messages.length >= 2);
        await stream.close();
        const all = await Stream.open(api, 'followOrganization', {token, query, headers});
        await all.event(until, 'stream_reset');
        await all.close();
      });
    await promise('a credential that is over ends its stream', async () => {
      const token = ground.tokens.signed({sub: 'agent-1', organizationId: 'demo',
                                          permissions: ['conversations:read'],
                                          exp: Math.floor(Date.now() / 1000) + 8});
      const open = await Promise.all([
        Stream.open(api, 'followConversation', {token, path}),
        Stream.open(api, 'followOrganization', {token})]);
      for (const stream of open) {
        const end = await stream.event(until, 'stream_end');
        assert.equal(end.reason, 'token_expired');
        await until('its end', async () => stream.over);
      }
    });
    await promise('a ticket opens one stream, and at one URL', async () => {
      const {body} = await api.ask('createStreamTicket', {token, json: path});
      const ticket = body.data.ticket;
      const stream = await Stream.open(api, 'followConversation', {path, query: {ticket}});
      await stream.event(until, 'connected');
      const elsewhere = await api.ask('followConversation', {path, query: {ticket, load: 'true'}});
      assert.equal(elsewhere.status, 204);
      assert.equal((await api.ask('followOrganization', {query: {ticket}})).status, 204);
      // The browser's own reconnect takes the place of the stream that it lost.
      const again = await Stream.open(api, 'followConversation', {path, query: {ticket}});
      const end = await stream.event(until, 'stream_end');
      assert.equal(end.reason, 'replaced');
      await again.close();
    });
  });
}

/** From TERM on, while a request is in hand: every operation on a connection that is open. */
async function shutdown(ground) {
  const held = await Provider.start();
  try {
    await at(ground, {provider: held.url}, async ({api, gateway, token, promise, until}) => {
      const values = await knownValues(api, token);
      const real = await gateway.token({org: 'real'});
      const watching = await Stream.open(api, 'followOrganization', {token});
      const sockets = api.operations.map(() => connect(gateway.port, '127.0.0.1'));
      await Promise.all(sockets.map((one) => once(one, 'connect')));
      const inHand = api.ask('placeCall', {token: real, json: {phoneNumber: '+15550400001'}});
      await until('the provider to be asked', async () => held.waiting.length > 0);
      const gone = gateway.kill('SIGTERM');
      await promise('streams are told', async () => {
        const end = await watching.event(until, 'stream_end');
        assert.equal(end.reason, 'shutdown');
        assert.ok(watching.retry > 0);
      });
      await Promise.all(api.operations.map((operation, i) =>
        promise(`${operation.operationId}: while the gateway shuts down`, async () => {
          const {operationId: id} = operation;
          const got = await api.askOn(sockets[i], id, rightRequest(operation, values, token));
          if (id === 'getLiveness' || id === 'getMetrics') return assert.equal(got.status, 200);
          assert.deepEqual([got.status, got.body?.code], [503, 'SHUTTING_DOWN'], got.text);
        })));
      await promise('what was in hand is answered, and the end is a clean one', async () => {
        held.refuse();
        assert.equal((await inHand).body.code, 'PROVIDER_FAILED');
        await gone;
        assert.equal(gateway.child.exitCode, 0);
      });
    });
  } finally {
    held.stop();
  }
}
