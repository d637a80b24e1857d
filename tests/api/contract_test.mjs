// Every row of the API's contract over HTTP, against the real daemon with the sandbox: each
// answer must be one that openapi.json allows, each event one that asyncapi.json allows.
//   node contract_test.mjs PROGRAMS

import assert from 'node:assert/strict';

import {until} from '../browser/until.mjs';
import {Api, Stream} from './described.mjs';
import {everyRoute} from './every_route.mjs';
import {ApiGateway, permissions} from './gateway.mjs';
import {rows} from './rows.mjs';

const gateway = await ApiGateway.create(process.argv[2]);
const failures = [];

async function promise(what, verb) {
  try {
    await verb();
  } catch (failure) {
    failures.push(what);
    console.log(`not ok: ${what}\n${failure.message}\n`);
  }
}

try {
  await gateway.start();
  const api = await Api.of(gateway.url);
  const tokens = {};
  for (const org of ['demo', 'other', 'bare']) tokens[org] = await gateway.token({org});
  tokens.second = await gateway.token({sub: 'agent-2', permissions: 'conversations:manage'});
  for (const without of permissions) {
    const rest = permissions.filter((one) => one !== without && one !== 'admin');
    tokens[`not ${without}`] = await gateway.token({permissions: rest.join(',')});
  }
  const ground = {api, tokens, promise, until};
  const stream = await Stream.open(api, '/api/stream/organization', tokens.demo);
  await rows(ground);
  await everyRoute(ground);
  await promise('the stream has only what is described, and all that happened', async () => {
    const wanted = ['connected', 'sms_received', 'ai_message_sent', 'human_message_sent',
                    'sms_status_update', 'call_initiated', 'call_ended', 'human_control_started',
                    'human_control_ended', 'human_control_transferred', 'lead_auto_created',
                    'lead_updated', 'needs_human', 'customer_opted_out', 'customer_opted_in',
                    'heartbeat'];
    await until('all types of events', async () =>
      stream.failure || wanted.every((type) => stream.types().has(type)));
    await stream.close();
  });
  let answers = 0;
  for (const [, codes] of api.seen) answers += codes.size;
  console.log(`${api.seen.size} of ${api.operations.length} operations, ${answers} kinds of answers`);
  const unseen = api.operations.filter((one) => !api.seen.has(one.operationId));
  await promise('every operation was asked', async () =>
    assert.deepEqual(unseen.map((one) => one.operationId), []));
} finally {
  await gateway.remove();
}
assert.deepEqual(failures, []);
