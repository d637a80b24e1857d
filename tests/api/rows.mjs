// The rows of the contract's tables: what each call does, and what it says when it does not.

import assert from 'node:assert/strict';
import {randomUUID} from 'node:crypto';

const customer = '+15550100001';
const stranger = '+15550100077';  // in no organisation
const later = new Date(Date.now() + 3_600_000).toISOString();

/** What the rows are written with; asks as the demo organisation unless a token is given. */
class Rows {
  constructor({api, tokens, promise, until}) {
    Object.assign(this, {api, tokens, promise, until});
  }

  ask(id, given = {}) {
    return this.api.ask(id, {token: this.tokens.demo, ...given});
  }

  /** The data of an answer that must be a success. */
  async done(id, given, status = 200) {
    const got = await this.ask(id, given);
    assert.equal(got.status, status, `${id}: ${got.text}`);
    return got.body?.data;
  }

  row(what, id, given, status, code) {
    return this.promise(`${id}: ${what}`, async () => {
      const got = await this.ask(id, given);
      assert.deepEqual([got.status, got.body?.code], [status, code], got.text);
    });
  }

  invalid(what, id, given, code = 'VALIDATION_FAILED') {
    return this.row(what, id, given, 400, code);
  }

  write(from, text) {
    return this.done('playCustomerText', {json: {from, text}});
  }

  /** What another organisation has is answered as what never was: only what names it differs. */
  asIfAbsent(id, given, absent) {
    return this.promise(`${id}: another organisation's is as if it were not`, async () => {
      const bodies = [];
      for (const one of [given, absent]) {
        const got = await this.ask(id, {token: this.tokens.other, ...one});
        assert.equal(got.status, 404);
        const {instance, requestId, ...rest} = got.body;
        bodies.push(rest);
      }
      assert.deepEqual(bodies[0], bodies[1]);
    });
  }
}

const of = (phoneNumber) => ({path: {phoneNumber}});

export async function rows(ground) {
  const all = new Rows(ground);
  await credentials(all);
  await conversations(all);
  await plainMessages(all);
  await calls(all);
  await control(all, '', '+15550100031');
  await control(all, 'ByShortPath', '+15550100032');
  await dearNumbers(all);
  await leads(all);
  await keys(all);
  await outbox(all);
  await cursors(all);
  await streams(all);
  await erasure(all);
}

/** Premium rate and satellite: neither written to nor called. */
async function dearNumbers(all) {
  for (const phoneNumber of ['+19002345678', '+881612345678']) {
    const row = (id, given) => all.row(`${phoneNumber} is dear`, id, given, 422, 'NUMBER_NOT_ALLOWED');
    await row('placeCall', {json: {phoneNumber}});
    await row('sendPlainMessage', {...of(phoneNumber), json: {message: 'Hello'}});
    for (const suffix of ['', 'ByShortPath']) {
      await row(`sendMessage${suffix}`, {json: {phoneNumber, message: 'Hello'}});
      await row(`joinConversation${suffix}`, {json: {phoneNumber, customMessage: 'Hello'}});
    }
  }
}

async function credentials(all) {
  const now = Math.floor(Date.now() / 1000);
  const claims = {sub: 'agent-1', organizationId: 'demo', permissions: ['admin'],
                  iat: now - 7200, exp: now + 3600};
  const list = (claims) => ({token: all.tokens.signed(claims)});
  await all.row('a good token', 'listLeads', list(claims), 200);
  await all.row('an expired token', 'listLeads', list({...claims, exp: now - 3600}), 401,
                'TOKEN_EXPIRED');
  await all.row('no organisation', 'listLeads', list({...claims, organizationId: undefined}), 401,
                'INVALID_TOKEN');
  await all.row('permissions that are no list', 'listLeads', list({...claims, permissions: 'admin'}),
                403, 'PERMISSION_DENIED');
  await all.row('an empty organizationId counts as absent', 'listLeads',
                {query: {organizationId: ''}}, 200);
  await revocations(all, list({...claims, jti: 'token-of-a-row'}));
  await revocationsOfAnyId(all);
}

async function revocations(all, token) {
  await all.row('nothing to revoke', 'revokeCredential', {json: {reason: 'why'}}, 400,
                'VALIDATION_FAILED');
  await all.row('two things to revoke', 'revokeCredential', {json: {tokenId: 'a', subject: 'b'}}, 400,
                'VALIDATION_FAILED');
  await all.row('not yet revoked', 'listLeads', token, 200);
  await all.promise('what was revoked is refused until that is undone', async () => {
    const {revocation} = await all.done('revokeCredential',
                                        {json: {tokenId: 'token-of-a-row', reason: 'lost'}}, 201);
    assert.equal((await all.ask('listLeads', token)).body.code, 'INVALID_TOKEN');
    const {revocations} = await all.done('listRevocations');
    assert.deepEqual(revocations.find((one) => one.tokenId === 'token-of-a-row'), revocation);
    const path = {id: revocation.id};
    await all.asIfAbsent('restoreCredential', {path}, {path: {id: 'token:none'}});
    await all.done('restoreCredential', {path});
    assert.equal((await all.ask('listLeads', token)).status, 200);
    const {lines} = await all.done('listAudit', {query: {limit: 10}});
    assert.deepEqual(lines.filter((one) => one.subject === revocation.id).map((one) => one.action),
                     ['restore', 'revoke']);
  });
  await all.promise("a subject's revocation leaves others alone", async () => {
    const {revocation} = await all.done('revokeCredential', {json: {subject: 'nobody'}}, 201);
    assert.equal(revocation.issuedUntil, revocation.revokedAt);
    await all.done('restoreCredential', {path: {id: revocation.id}});
  });
}

/** An id may hold whatever a subject or a jti may. */
async function revocationsOfAnyId(all) {
  await all.row('no id to undo', 'restoreCredentialByQuery', {}, 400, 'VALIDATION_FAILED');
  const subjects = ['spiffe://corp/agent', 'corp\\agent', 'a b+c&d=e?f#g%2F', '\u00fc\u{1f6b2}'];
  for (const subject of subjects)
    await all.promise(`the revocation of ${subject} is undone`, async () => {
      const {revocation} = await all.done('revokeCredential', {json: {subject}}, 201);
      const query = {id: revocation.id};
      await all.asIfAbsent('restoreCredentialByQuery', {query}, {query: {id: 'token:none'}});
      await all.done('restoreCredentialByQuery', {query});
      const {revocations} = await all.done('listRevocations');
      assert.ok(!revocations.some((one) => one.id === revocation.id));
    });
}

async function conversations(all) {
  await all.promise('a customer writes, and the AI answers', async () => {
    await all.write(customer, 'hello');
    await all.until('the answer to be delivered', async () => {
      const {messages} = await all.done('getConversation', of(customer));
      return messages.some((one) => one.sentBy === 'agent' && one.status === 'delivered');
    });
    await all.done('playCustomerCall', {json: {from: customer, summary: 'Asked for hours',
                                               turns: [{role: 'user', message: 'Hi'}]}});
    await all.write(customer, 'a human please');
    await all.until('the call to be there', async () =>
      (await all.done('getConversation', of(customer))).calls.length === 1);
    await all.until('the conversation to need a human', async () =>
      (await all.done('getConversation', of(customer))).needsHuman);
  });
  await all.promise('who is calling is told as the credential and the settings say', async () => {
    const {expiresAt, ...me} = await all.done('getMe');
    assert.ok(Date.parse(expiresAt) > Date.now());
    assert.deepEqual(me, {
      subject: 'agent-1', name: null, email: null, permissions: ['admin'],
      organizationId: 'demo', organizationName: 'Demo', defaultRegion: 'US',
      numbers: ['+15550100000'], channel: true, voice: true, responder: true, sandbox: true,
    });
    const other = await all.done('getMe', {token: all.tokens.other});
    assert.deepEqual([other.organizationId, other.responder], ['other', false]);
  });
  await all.promise('what is spent of a day is told, also that nobody counts it', async () => {
    const {day, endsAt, ...limits} = await all.done('getLimits');
    const none = {spent: 0, reserved: 0, cap: null};
    assert.deepEqual(limits, {
      organizationId: 'demo', counted: false, messages: none, segments: none, calls: none,
      callMinutes: none, cost: {spent: '0', reserved: '0', cap: null},
    });
    assert.ok(endsAt > day);
    const bare = await all.done('getLimits', {token: all.tokens.bare});
    assert.deepEqual([bare.counted, bare.messages.cap], [true, 100]);
  });
  await all.promise('what was spoken names its call', async () => {
    const {messages, calls} = await all.done('getConversation', of(customer));
    const spoken = messages.filter((one) => one.type === 'voice');
    assert.deepEqual(spoken.map((one) => one.callId), [calls[0].callId]);
    assert.ok(messages.every((one) => one.type === 'voice' || !('callId' in one)));
  });
  await all.promise('a list is paged to its end, and no row comes twice', async () => {
    for (let i = 0; i < 4; ++i) await all.write(`+1555010002${i}`, 'hello');
    // An answer that comes between two pages would move its row to the first.
    await all.until('all of them to be answered', async () => {
      const {conversations} = await all.done('listConversations', {query: {limit: 200}});
      return conversations.every(({lastMessage}) => lastMessage.sentBy === 'agent');
    });
    const numbers = [];
    for (let cursor; cursor !== null;) {
      const {body} = await all.ask('listConversations',
                                   {query: {limit: 2, ...(cursor ? {cursor} : {})}});
      assert.equal(body.pagination.limit, 2);
      numbers.push(...body.data.conversations.map((one) => one.phoneNumber));
      cursor = body.pagination.nextCursor;
    }
    assert.equal(numbers.length, 5);
    assert.equal(new Set(numbers).size, 5);
  });
  await all.promise('a cursor is of one organisation and one list', async () => {
    const {body} = await all.ask('listConversations', {query: {limit: 1}});
    const cursor = body.pagination.nextCursor;
    for (const [id, token] of [['listConversations', 'other'], ['listLeads', 'demo']]) {
      const got = await all.ask(id, {token: all.tokens[token], query: {cursor}});
      assert.deepEqual([got.status, got.body.code], [400, 'VALIDATION_FAILED']);
    }
  });
  await all.promise('the filters of a list', async () => {
    const {body} = await all.ask('listConversations', {
      query: {humanTakeover: 'false', needsHuman: 'true', q: '5550100001', limit: 200}});
    assert.deepEqual(body.data.conversations.map((one) => one.phoneNumber), [customer]);
  });
  await all.promise('messages are paged backwards to the first', async () => {
    const ids = [];
    for (let before; before !== null;) {
      const {body} = await all.ask('listMessages', {...of(customer),
                                                    query: {limit: 1, ...(before ? {before} : {})}});
      ids.push(...body.data.messages.map((one) => one.id));
      before = body.pagination.nextBefore;
    }
    assert.ok(ids.length >= 4);
    assert.equal(new Set(ids).size, ids.length);
  });
  for (const id of ['getConversation', 'listMessages', 'exportConversation', 'eraseConversation']) {
    await all.row('a stranger', id, of(stranger), 404, 'NOT_FOUND');
    await all.asIfAbsent(id, of(customer), of(stranger));
  }
  await all.row('a number in another form', 'getConversation', of('(555) 010-0001'), 200);
  await all.promise('an export is JSON Lines of everything', async () => {
    const {status, type, text} = await all.ask('exportConversation', of(customer));
    assert.deepEqual([status, type], [200, 'application/x-ndjson']);
    const records = new Set(text.trim().split('\n').map((line) => JSON.parse(line).record));
    for (const one of ['lead', 'conversation', 'call', 'message']) assert.ok(records.has(one), one);
  });
}

/** A cursor that was edited, that another list gave, or that is of another organisation. */
async function cursors(all) {
  const taken = {};
  const state = (id) => id === 'listOutbox' ? {state: 'waiting'} : {};
  for (const id of ['listConversations', 'listLeads', 'listOutbox']) {
    const {body} = await all.ask(id, {query: {limit: 1, ...state(id)}});
    taken[id] = body.pagination.nextCursor;
  }
  for (const [id, cursor] of Object.entries(taken)) {
    const ask = (text, rest = {}) => [id, {query: {cursor: text, ...state(id)}, ...rest}];
    await all.row('a cursor that is right', ...ask(cursor), 200);
    await all.invalid('a cursor of another organisation', ...ask(cursor, {token: all.tokens.other}));
    for (const other of Object.keys(taken))
      if (other !== id) await all.invalid(`a cursor of ${other}`, ...ask(taken[other]));
    for (const edited of [cursor.slice(1), cursor.slice(0, -2), `${cursor}30`, cursor.toUpperCase(),
                          cursor.replace(/.$/, (one) => one === '1' ? '2' : '1'), '%00', '{}'])
      if (edited !== cursor) await all.invalid('an edited cursor', ...ask(edited));
  }
  await all.promise('an older cursor goes on where it was', async () => {
    const {body} = await all.ask('listLeads', {query: {limit: 1}});
    const next = () => all.ask('listLeads', {query: {limit: 1, cursor: body.pagination.nextCursor}});
    const before = (await next()).body.data;
    await all.done('createLead', {json: {phoneNumber: '+15550100069'}}, 201);
    assert.deepEqual((await next()).body.data, before);
  });
  await all.promise('an export is paged by its header', async () => {
    const whole = (await all.ask('exportConversation', of(customer))).text;
    let text = '';
    for (let query = {limit: 2}; query;) {
      const page = await all.ask('exportConversation', {...of(customer), query});
      text += page.text;
      const cursor = page.headers.get('x-next-cursor');
      query = cursor && {limit: 2, cursor};
      for (const wrong of [of('+15550100020'), {...of(customer), token: all.tokens.other}])
        if (cursor)
          assert.ok([400, 404].includes((await all.ask('exportConversation', {...wrong, query})).status));
    }
    assert.equal(text, whole);
  });
  await all.promise('a place in one conversation is none in another', async () => {
    const {body} = await all.ask('listMessages', {...of(customer), query: {limit: 1}});
    const query = {before: body.pagination.nextBefore};
    await all.invalid('of another one', 'listMessages', {...of('+15550100020'), query});
  });
}

async function plainMessages(all) {
  const id = 'sendPlainMessage';
  const to = '+15550100041';
  const send = (json, token = 'demo') => ({...of(to), json, token: all.tokens[token]});
  await all.row('as first contact', id, send({message: 'We are open.'}), 200);
  await all.invalid('a blank message', id, send({message: '  '}));
  await all.invalid('a message too long', id, send({message: 'x'.repeat(1601)}), 'MESSAGE_TOO_LONG');
  await all.row('an organisation without a provider', id, send({message: 'Hi'}, 'bare'), 502,
                'PROVIDER_FAILED');
  await all.done('joinConversation', {json: {phoneNumber: to}, token: all.tokens.second});
  await all.row('while another human holds it', id, send({message: 'Hi'}), 409,
                'ALREADY_UNDER_HUMAN_CONTROL');
  await all.done('leaveConversation', {json: {phoneNumber: to}, token: all.tokens.second});
  await all.write(to, 'STOP');
  await all.row('to one who opted out', id, send({message: 'Hi'}), 409, 'OPTED_OUT');
  await all.row('a call to one who opted out', 'placeCall', {json: {phoneNumber: to}}, 409,
                'OPTED_OUT');
  await all.row('an announcement to one who opted out', 'joinConversation',
                {json: {phoneNumber: to, customMessage: 'Hello'}}, 409, 'OPTED_OUT');
  await all.write(to, 'START');
  await all.row('to one who opted in again', id, send({message: 'Hi'}), 200);
}

async function calls(all) {
  const to = '+15550100051';
  const place = (json, rest = {}) => ({json: {phoneNumber: to, ...json}, ...rest});
  await all.promise('a call with all its fields, and its record', async () => {
    const placed = await all.done('placeCall', place(
        {callReason: 'A repair is done', customMessage: 'Say hello', priority: 'high',
         serviceDetails: {bike: 'red'}, leadId: 'their-own-id', extra: 'ignored'}));
    assert.equal(placed.status, 'initiated');
    await all.until('the call to end', async () => {
      const {call} = await all.done('getCall', {path: {conversationId: placed.conversationId}});
      return call.status === 'ended' && call.transcript.length > 0;
    });
    const {call} = await all.done('getCall', {path: {conversationId: placed.callId}});
    assert.deepEqual([call.callReason, call.priority, call.outcome],
                     ['A repair is done', 'high', 'success']);
    await all.asIfAbsent('getCall', {path: {conversationId: placed.callId}},
                         {path: {conversationId: randomUUID()}});
  });
  await all.row('no such call', 'getCall', {path: {conversationId: 'none'}}, 404, 'NOT_FOUND');
  await all.invalid('a priority that is none', 'placeCall', place({priority: 'odd'}));
  await all.invalid('a reason too long', 'placeCall', place({callReason: 'x'.repeat(501)}));
  await all.invalid('a time that is none', 'placeCall', place({scheduledTime: 'soon'}));
  await all.invalid('a time that is over', 'placeCall', place({scheduledTime: '2020-01-01T00:00:00Z'}));
  await all.row('an organisation without a provider', 'placeCall',
                place({}, {token: all.tokens.bare}), 502, 'PROVIDER_FAILED');
  await all.promise('another lead\'s number', async () => {
    const {lead} = await all.done('getConversation', of(customer));
    const got = await all.ask('placeCall', place({leadId: lead.id}));
    assert.deepEqual([got.status, got.body.errors[0].field], [400, 'leadId']);
  });
  await all.done('joinConversation', {json: {phoneNumber: to}});
  await all.row('while a human holds it', 'placeCall', place({}), 409, 'UNDER_HUMAN_CONTROL');
  await all.done('leaveConversation', {json: {phoneNumber: to}});
}

async function control(all, suffix, to) {
  const id = (name) => name + suffix;
  const join = (json = {}, token = 'demo') =>
    [id('joinConversation'), {json: {phoneNumber: to, ...json}, token: all.tokens[token]}];
  const leave = (json = {}, token = 'demo') =>
    [id('leaveConversation'), {json: {phoneNumber: to, ...json}, token: all.tokens[token]}];
  const send = (json = {}, token = 'demo') =>
    [id('sendMessage'), {json: {phoneNumber: to, message: 'Hello', ...json}, token: all.tokens[token]}];
  const transfer = {json: {phoneNumber: to, toAgentId: 'agent-2', agentName: 'Second'}};
  const process = {...of(to), json: {}};
  const held = [409, 'ALREADY_UNDER_HUMAN_CONTROL'];

  for (const [name, given] of [send(), leave(), [id('transferConversation'), transfer],
                               [id('processQueue'), process]])
    await all.invalid('without a session', name, given, 'NOT_UNDER_HUMAN_CONTROL');
  await all.promise(`${suffix} a stranger is not under control, and has no queue`, async () => {
    assert.equal((await all.done(id('getControlStatusOf'), of(to))).isUnderHumanControl, false);
    assert.equal((await all.done(id('getQueue'), of(to))).sessionId, null);
  });
  await all.invalid('a reason that is none', ...join({handoffReason: 'bored'}));
  await all.invalid('an announcement too long', ...join({customMessage: 'x'.repeat(1601)}),
                    'MESSAGE_TOO_LONG');
  await all.invalid('an odd deed with the call', ...join({takeCall: {action: 'odd'}}));
  await all.invalid('a phone that is none',
                    ...join({takeCall: {action: 'transfer', to: 'abc'}}), 'INVALID_PHONE_NUMBER');
  await all.row('an announcement without a provider',
                ...join({customMessage: 'Hello'}, 'bare'), 502, 'PROVIDER_FAILED');

  await all.promise(`${suffix} a takeover from join to hand-back`, async () => {
    const joined = await all.done(...join({agentName: 'First', handoffReason: 'escalation', extra: 1,
                                           takeCall: {action: 'hang_up'}, customMessage: 'A human'}));
    const again = await all.done(...join());
    assert.equal(again.session.sessionId, joined.session.sessionId);
    const second = await all.ask(...join({}, 'second'));
    assert.deepEqual([second.status, second.body.code], held);
    assert.match(second.body.detail, /First/);
    await all.write(to, 'Anybody there?');
    await all.until('the queue to have it', async () =>
      (await all.done(id('getQueue'), of(to))).stats.unprocessed === 1);
    const status = await all.done(id('getControlStatus'),
                                  {query: {phoneNumber: to, includeAgentSessions: true}});
    assert.deepEqual([status.isUnderHumanControl, status.queuedMessages], [true, 1]);
    assert.ok(status.agentSessions.active >= 1);
    const marked = await all.done(id('processQueue'), process);
    assert.deepEqual([marked.processedCount, marked.remainingUnprocessed], [1, 0]);
    const queue = await all.done(id('getQueue'), {...of(to), query: {includeProcessed: true}});
    assert.deepEqual(queue.messages.map((one) => one.processed), [true]);
    assert.equal((await all.done(...send({priority: 'high'}))).sessionInfo.messageCount >= 1, true);
  });
  await all.invalid('a blank message', ...send({message: ' '}));
  await all.invalid('a message too long', ...send({message: 'x'.repeat(1601)}), 'MESSAGE_TOO_LONG');
  await all.invalid('a type that is none', ...send({messageType: 'voice'}));
  await all.invalid('a priority that is none', ...send({priority: 'odd'}));
  await all.invalid('a summary too long', ...leave({summary: 'x'.repeat(5001)}));
  await all.invalid('too many steps', ...leave({nextSteps: Array(11).fill('call')}));
  await all.row('to another agent', id('transferConversation'), transfer, 200);
  for (const [name, given] of [send(), leave(), [id('transferConversation'), transfer],
                               [id('processQueue'), process]])
    await all.row('by one who does not hold it', name, given, ...held);
  await all.promise(`${suffix} a text that cannot go out`, async () => {
    const json = {phoneNumber: `+155501001${to.slice(-2)}`};
    await all.done(id('joinConversation'), {json});
    await all.write(json.phoneNumber, 'STOP');
    await all.row('to one who opted out', id('sendMessage'), {json: {...json, message: 'Hi'}}, 409,
                  'OPTED_OUT');
    await all.done(id('leaveConversation'), {json});
    await all.row('an announcement to one who opted out', id('joinConversation'),
                  {json: {...json, customMessage: 'Hi'}}, 409, 'OPTED_OUT');
    const token = all.tokens.bare;
    await all.done(id('joinConversation'), {json, token});
    await all.row('without a provider', id('sendMessage'), {json: {...json, message: 'Hi'}, token},
                  502, 'PROVIDER_FAILED');
    await all.invalid('a number that is none', id('getControlStatus'), {query: {phoneNumber: 'abc'}},
                      'INVALID_PHONE_NUMBER');
  });
  await all.row('by force, without admin', ...leave({force: true}, 'not admin'), 403,
                'PERMISSION_DENIED');
  await all.row('by force', ...leave({force: true, summary: 'Done', nextSteps: ['Call'],
                                      handoffSuccess: false}), 200);
  await all.promise(`${suffix} sessions are paged`, async () => {
    const {body} = await all.ask(id('listSessions'), {query: {status: 'all', limit: 1, page: 1}});
    assert.deepEqual([body.data.sessions.length, body.pagination.page], [1, 1]);
    assert.equal(body.pagination.pages, body.pagination.total);
    const active = await all.done(id('listSessions'), {});
    assert.ok(active.sessions.every((one) => one.status === 'active'));
  });
}

/** What is sent with one key is done once; every route that honours keys stands here. */
async function keys(all) {
  const keyed = Object.fromEntries(all.api.operations
      .filter((one) => one.parameters?.some(({$ref}) => $ref?.endsWith('/idempotencyKey')))
      .map((one, i) => [one.operationId, `+1555010011${i}`]));
  for (const [id, to] of Object.entries(keyed)) {
    if (id.startsWith('sendMessage')) await all.done('joinConversation', {json: {phoneNumber: to}});
    const json = id === 'sendPlainMessage' ? {message: 'Hello'} :
                 {phoneNumber: to, ...(id === 'placeCall' ? {scheduledTime: later} : {}),
                  ...(id.startsWith('sendMessage') ? {message: 'Hello'} : {})};
    const given = {...of(to), json, headers: {'Idempotency-Key': randomUUID()}};
    await all.promise(`${id}: a key is done once, and is for one body`, async () => {
      const once = await all.ask(id, given);
      assert.equal(once.status, 200, once.text);
      const again = await all.ask(id, given);
      assert.deepEqual(again.body, once.body);
      const other = await all.ask(id, {...given, json: {...json, organizationId: 'demo'}});
      assert.deepEqual([other.status, other.body.code], [422, 'IDEMPOTENCY_KEY_REUSED']);
      const {messages} = await all.done('getConversation', of(to));
      if (id.startsWith('send'))
        assert.equal(messages.filter((one) => one.content === 'Hello').length, 1);
    });
    await all.row('its key is nobody else\'s', id, {...given, token: all.tokens.bare},
                  ...(id.startsWith('join') ? [200] :
                      id.startsWith('sendMessage') ? [400, 'NOT_UNDER_HUMAN_CONTROL'] :
                      [502, 'PROVIDER_FAILED']));
  }
}

async function leads(all) {
  const json = {phoneNumber: '+15550100061', customerName: 'Ann', email: 'ann@example.com',
                leadStatus: 'new', source: 'shop', attributes: {size: 'M'}};
  await all.promise('a lead is made, read, changed and cleared', async () => {
    const {lead} = await all.done('createLead', {json}, 201);
    const path = {id: lead.id};
    assert.deepEqual((await all.done('getLead', {path})).lead, lead);
    const changed = await all.done('changeLead', {path, json: {customerName: 'Bea', email: null}});
    assert.deepEqual([changed.lead.customerName, changed.lead.email, changed.lead.leadStatus],
                     ['Bea', null, 'new']);
    await all.asIfAbsent('getLead', {path}, {path: {id: randomUUID()}});
    await all.asIfAbsent('changeLead', {path, json: {}}, {path: {id: randomUUID()}, json: {}});
    await all.invalid('an address that is none', 'changeLead', {path, json: {email: 'odd'}});
  });
  await all.promise('leads come and go as JSON Lines', async () => {
    const text = [{phoneNumber: '+15550100063', customerName: 'Cay'}, {phoneNumber: 'abc'}]
        .map((one) => JSON.stringify(one)).join('\n');
    const lines = {text, type: 'application/x-ndjson'};
    await all.done('importLeads', {...lines, query: {dryRun: true}});
    assert.deepEqual((await all.ask('listLeads', {query: {q: 'Cay'}})).body.data.leads, []);
    await all.done('importLeads', lines);
    assert.equal((await all.ask('listLeads', {query: {q: 'Cay'}})).body.data.leads.length, 1);
  });
  await all.row('a second one for a number', 'createLead', {json}, 409, 'LEAD_EXISTS');
  await all.row('the same number elsewhere', 'createLead', {json, token: all.tokens.other}, 201);
  await all.invalid('an address that is none', 'createLead',
                    {json: {phoneNumber: '+15550100062', email: 'odd'}});
  await all.row('no such lead', 'changeLead', {path: {id: 'none'}, json: {}}, 404, 'NOT_FOUND');
  await all.row('a body is looked at only for a lead that is there', 'changeLead',
                {path: {id: 'none'}, json: {odd: 1}}, 404, 'NOT_FOUND');
  await all.promise('a list is paged to its end', async () => {
    const ids = [];
    for (let cursor; cursor !== null;) {
      const {body} = await all.ask('listLeads', {query: {limit: 3, ...(cursor ? {cursor} : {})}});
      ids.push(...body.data.leads.map((one) => one.id));
      cursor = body.pagination.nextCursor;
    }
    assert.equal(new Set(ids).size, ids.length);
    const {body} = await all.ask('listLeads', {query: {q: 'Bea'}});
    assert.deepEqual(body.data.leads.map((one) => one.customerName), ['Bea']);
  });
}

async function outbox(all) {
  await all.promise('what is owed is listed, shown, tried again and given up', async () => {
    const {entries} = await all.done('listOutbox', {query: {state: 'waiting', limit: 1}});
    await all.done('placeCall', {json: {phoneNumber: '+15550100071', scheduledTime: later}});
    const now = await all.done('listOutbox', {query: {state: 'waiting', limit: 200}});
    assert.ok(now.entries.length > 0, `${entries.length} before`);
    const path = {id: now.entries.find((one) => one.phoneNumber === '+15550100071').id};
    assert.equal((await all.done('getOwed', {path})).entry.kind, 'call');
    await all.asIfAbsent('getOwed', {path}, {path: {id: 'none'}});
    await all.asIfAbsent('dropOwed', {path}, {path: {id: 'none'}});
    await all.done('dropOwed', {path});
    await all.row('what was given up', 'getOwed', {path}, 404, 'NOT_FOUND');
  });
  await all.promise('a call that waits is tried at once', async () => {
    await all.done('placeCall', {json: {phoneNumber: '+15550100072', scheduledTime: later}});
    const {entries} = await all.done('listOutbox', {query: {state: 'waiting', limit: 200}});
    await all.done('retryOwed',
                   {path: {id: entries.find((one) => one.phoneNumber === '+15550100072').id}});
  });
  await all.row('what was given up', 'listOutbox', {}, 200);
  for (const id of ['getOwed', 'retryOwed', 'dropOwed'])
    await all.row('no such entry', id, {path: {id: 'none'}}, 404, 'NOT_FOUND');
}

async function streams(all) {
  const {lead} = await all.done('getConversation', of(customer));
  await all.row('a ticket for one conversation', 'createStreamTicket', {json: {leadId: lead.id}}, 200);
  await all.row('a ticket for all', 'createStreamTicket', {json: {organization: true}}, 200);
  await all.row('a ticket for nobody', 'createStreamTicket', {json: {leadId: 'none'}}, 404,
                'NOT_FOUND');
  await all.invalid('a ticket for nothing', 'createStreamTicket', {json: {}});
  await all.invalid('a ticket for one and all', 'createStreamTicket',
                    {json: {organization: true, leadId: lead.id}});
  await all.invalid('a ticket for a number that is none', 'createStreamTicket',
                    {json: {phoneNumber: 'abc'}}, 'INVALID_PHONE_NUMBER');
  const follow = (path, query, rest = {}) => ['followConversation', {path: {leadId: path}, query, ...rest}];
  await all.row('an unknown lead', ...follow('none', {}), 404, 'NOT_FOUND');
  await all.invalid('a number that is none', ...follow('none', {phoneNumber: 'abc'}),
                    'INVALID_PHONE_NUMBER');
  await all.invalid('a lead with another number', ...follow(lead.id, {phoneNumber: stranger}));
  await all.row('for one who takes no stream',
                ...follow(lead.id, {}, {headers: {accept: 'application/json'}}), 406,
                'VALIDATION_FAILED');
  await all.row('a ticket that is none', 'followOrganization',
                {token: undefined, query: {ticket: 'none'}}, 204);
  await all.invalid('types that are none', 'followOrganization', {query: {types: 'A,B'}});
  await all.asIfAbsent('followConversation', {path: {leadId: lead.id}}, {path: {leadId: 'none'}});
}

async function erasure(all) {
  const one = '+15550100081';
  await all.write(one, 'my secret');
  await all.row('what another organisation cannot do', 'eraseConversation',
                {...of(one), token: all.tokens.other}, 404, 'NOT_FOUND');
  await all.row('of everything', 'eraseConversation', of(one), 200);
  for (const id of ['playCustomerText', 'playCustomerCall'])
    await all.row('in an organisation without it', id, {
      json: {from: one, ...(id === 'playCustomerText' ? {text: 'hello'} : {})}, token: all.tokens.bare},
      404, 'NOT_FOUND');
  await all.row('what was erased', 'getConversation', of(one), 404, 'NOT_FOUND');
  await all.row('in a number of nobody\'s', 'playCustomerText',
                {json: {from: one, text: 'hello', to: '+15550999999'}}, 400, 'VALIDATION_FAILED');
}
