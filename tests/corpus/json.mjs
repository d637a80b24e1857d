// J01-J20: JSON of API callers and of ElevenLabs. The contract says 400 VALIDATION_FAILED for a
// body that does not fit, and names the field.

import assert from 'node:assert/strict';
import {randomUUID} from 'node:crypto';

import {elevenlabsSignature, number} from './house.mjs';

const nested = (levels, open, inner, shut) => open.repeat(levels) + inner + shut.repeat(levels);

export async function json({request, ask}) {
  const lead = (body, headers = {}) => request('POST', '/api/leads', {
    as: 'demo', body, headers: {'Content-Type': 'application/json', ...headers}});
  const invalid = (name, send, more = {}) =>
    ({name, send, answers: [400], code: 'VALIDATION_FAILED', ...more});
  const bad = (name, body) => invalid(name, lead(body), {contains: '"field":"body"'});
  const withPhone = (members) => JSON.stringify({phoneNumber: '+14155556001', ...members});
  const post = (path, body, headers = {}, as = 'demo') => request('POST', path, {
    as, body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: {'Content-Type': 'application/json', ...headers}});

  const call = '/api/conversations/outbound-call';
  const later = (time) => post(call, {phoneNumber: '+14155556002', scheduledTime: time});
  const key = randomUUID();
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString();

  const postCall = '/api/webhooks/elevenlabs/post-call';
  const ended = (data = {}, type = 'post_call_transcription') => JSON.stringify({
    type, event_timestamp: Math.floor(Date.now() / 1000),
    data: {agent_id: 'agent_none', conversation_id: `conv_${randomUUID()}`, status: 'done',
           transcript: [{role: 'user', message: 'Hi', time_in_call_secs: 1}],
           metadata: {call_duration_secs: 5, phone_call: {
             direction: 'inbound', external_number: '+14155556003', agent_number: number.demo}},
           ...data}});
  const told = (body, signature = elevenlabsSignature(body)) => request('POST', postCall, {
    body, headers: {'Content-Type': 'application/json',
                    ...(signature ? {'ElevenLabs-Signature': signature} : {})}});
  const now = Math.floor(Date.now() / 1000);
  const mac = elevenlabsSignature(ended()).split('v0=')[1];
  const forged = (name, header) =>
    ({name, send: told(ended(), header), answers: [403], code: 'INVALID_SIGNATURE'});
  const same = ended();

  const cursors = async () => {
    const made = await ask('GET', '/api/leads?limit=1');
    return made.pagination.nextCursor;
  };
  for (const phoneNumber of ['+14155556101', '+14155556102'])
    await ask('POST', '/api/leads', {json: {phoneNumber}});
  const cursor = await cursors();
  const list = (text, as = 'demo', path = '/api/leads') =>
    request('GET', `${path}?cursor=${text}`, {as});
  const say = (message) => post('/api/conversations/%2B14155556004/messages', {message}, {}, 'other');

  return [
    bad('J01 empty', ''),
    bad('J01 blanks', ' \r\n\t '),
    bad('J01 a scalar', '5'),
    bad('J01 an array', '[{}]'),
    bad('J02 garbage behind', '{} x'),
    bad('J02 two documents', '{}{}'),
    bad('J03 a member twice', '{"phoneNumber":"+14155556001","phoneNumber":"+14155556002"}'),
    bad('J04 65 levels', `{"attributes":${nested(64, '[', '1', ']')}}`),
    bad('J04 10,000 arrays', `{"a":${nested(10_000, '[', '1', ']')}}`),
    bad('J04 10,000 objects, open', nested(10_000, '{"a":', '', '')),
    ...['{} // x', "{'a':1}", '{"a":1,}', '{"a":NaN}', '{"a":-Infinity}', '{"a":01}',
        '\ufeff{}'].map((text) => bad(`J05 ${text}`, text)),
    bad('J06 1e999', withPhone({}).replace('}', ',"attributes":{"a":1e999}}')),
    bad('J06 thirty digits', withPhone({}).replace('}', `,"attributes":{"a":${'1'.repeat(30)}}}`)),
    invalid('J06 1.0 where an integer is wanted', request('GET', '/api/leads?limit=1.0',
                                                          {as: 'demo'})),
    bad('J07 invalid UTF-8', Buffer.from('{"customerName":"\xff"}', 'latin1')),
    bad('J07 a lone surrogate', '{"customerName":"\\ud800"}'),
    bad('J07 NUL', '{"customerName":"a\\u0000b"}'),
    bad('J07 a control character', '{"customerName":"\x01"}'),
    ({name: 'J08 a megabyte in a field', send: lead(withPhone({customerName: 'x'.repeat(1 << 20)})),
      answers: [413], closes: true}),
    invalid('J08 60 KiB in a field', lead(withPhone({customerName: 'x'.repeat(60_000)})),
            {contains: '"field":"customerName"'}),
    invalid('J09 an unknown field', lead(withPhone({colour: 'red'})),
            {contains: '"field":"colour"'}),
    ...['id', 'organizationId', 'createdAt', 'epoch', 'status'].map((field) =>
      ({name: `J09 read-only ${field}`, send: lead(withPhone({[field]: 'x'})),
        answers: [field === 'organizationId' ? 403 : 400]})),
    ({name: 'J10 null for what must be there', send: lead('{"phoneNumber":null}'), answers: [400],
      code: 'MISSING_PHONE_NUMBER'}),
    invalid('J10 a number for a text', lead('{"phoneNumber":5}')),
    invalid('J10 a list for an object', lead(withPhone({attributes: []}))),
    invalid('J10 "true" for true', post('/api/stream/tickets', {organization: 'true'})),
    ...['0000-01-01T00:00:00Z', '9999-12-31T23:59:60Z', '2027-01-01T00:00:00+25:00',
        '2027-01-01T00:00:00', '1000000000000000000'].map((time) =>
      invalid(`J11 ${time}`, later(time), {contains: '"field":"scheduledTime"'})),
    ...['text/plain', 'application/json; charset=utf-16', ''].map((type) =>
      ({name: `J12 type '${type}'`, answers: [415], code: 'UNSUPPORTED_MEDIA_TYPE',
        send: request('POST', '/api/leads', {as: 'demo', body: withPhone({}),
                                             headers: type ? {'Content-Type': type} : {}})})),
    ({name: 'J13 an unknown type', send: told(ended({}, 'banana')), answers: [200]}),
    ...[['no transcript', {transcript: null}], ['an unknown role', {transcript: [
      {role: 'dog', message: 'Wuff', time_in_call_secs: 1}]}], ['times below zero', {transcript: [
        {role: 'user', message: 'Hi', time_in_call_secs: -5}]}], ['10,000 turns', {
      transcript: Array.from({length: 10_000}, () => ({role: 'user', message: 'Hi',
                                                       time_in_call_secs: 1}))}]].map(
        ([name, data]) => ({name: `J13 ${name}`, send: told(ended(data)), answers: [200],
                            stores: 'some'})),
    forged('J14 no time', `v0=${mac}`),
    forged('J14 a time that is none', `t=abc,v0=${mac}`),
    forged('J14 31 minutes old', elevenlabsSignature(ended(), {time: now - 1860})),
    forged('J14 31 minutes ahead', elevenlabsSignature(ended(), {time: now + 1860})),
    forged('J14 odd length', `t=${now},v0=${mac.slice(1)}`),
    forged('J14 no signature', ''),
    ({name: 'J15 a call', send: told(same), answers: [200], stores: 'some'}),
    ({name: 'J15 the same call again', send: told(same), answers: [200]}),
    ({name: 'J15 the same call, told otherwise',
      send: told(same.replace('"Hi"', '"Another story"')), answers: [200]}),
    ({name: 'J16 cut short in the last chunk', then: 'shut', answers: [400], closes: true,
      send: Buffer.concat([
        Buffer.from(`POST ${postCall} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n` +
                    'Transfer-Encoding: chunked\r\n\r\n'),
        ...Array.from({length: 64}, () => Buffer.from(`4000\r\n${'A'.repeat(0x4000)}\r\n`)),
        Buffer.from(`4000\r\n${'A'.repeat(100)}`)])}),
    ({name: 'J16 more than a webhook may carry', answers: [413], closes: true,
      send: `POST ${postCall} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n` +
            'Transfer-Encoding: chunked\r\n\r\n1000001\r\n'}),
    ({name: 'J17 gzip', send: lead(withPhone({}), {'Content-Encoding': 'gzip'}), answers: [415],
      code: 'UNSUPPORTED_MEDIA_TYPE'}),
    ({name: 'J17 gzip in a webhook', answers: [415], send: request('POST', postCall, {
      body: same, headers: {'Content-Type': 'application/json', 'Content-Encoding': 'gzip',
                            'ElevenLabs-Signature': elevenlabsSignature(same)}})}),
    invalid('J18 the cursor of another organisation', list(cursor, 'other')),
    invalid('J18 the cursor of another list', list(cursor, 'demo', '/api/conversations')),
    invalid('J18 an edited cursor', list(cursor.replace(/.$/, (last) => (last === '0' ? '1' : '0')))),
    invalid('J18 no cursor', list('banana')),
    invalid('J19 an empty key', post(call, {phoneNumber: '+14155556002', scheduledTime: tomorrow},
                                     {'Idempotency-Key': ''})),
    invalid('J19 a key of 300', post(call, {phoneNumber: '+14155556002', scheduledTime: tomorrow},
                                     {'Idempotency-Key': 'x'.repeat(300)})),
    ({name: 'J19 a key, once', stores: 'some', answers: [200],
      send: post(call, {phoneNumber: '+14155556002', scheduledTime: tomorrow},
                 {'Idempotency-Key': key})}),
    ({name: 'J19 the key with another body', answers: [422], code: 'IDEMPOTENCY_KEY_REUSED',
      send: post(call, {phoneNumber: '+14155556005', scheduledTime: tomorrow},
                 {'Idempotency-Key': key})}),
    ...['', '   ', '\u00a0\u2003'].map((text) => invalid(`J20 '${text}'`, say(text))),
    ({name: 'J20 1,601 characters', send: say('x'.repeat(1601)), answers: [400],
      code: 'MESSAGE_TOO_LONG'}),
    ({name: 'J20 60 KiB of emoji', send: say('😀'.repeat(15_000)), answers: [400]}),
    ({name: 'J20 right to left', send: say('a\u202eb'), answers: [200], stores: 'some',
      after: async () => {
        const {data} = await ask('GET', '/api/conversations/%2B14155556004/messages',
                                 {as: 'other'});
        assert.equal(data.messages.find((one) => one.type === 'text').content, 'a\u202eb');
      }}),
  ];
}
