// The example of a server's integration against the real daemon: people of the register become
// leads, strangers are told of, also those who wrote before it followed or while it was stopped.
//   node lead_sync_test.mjs PROGRAMS EXAMPLES

import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {join} from 'node:path';

import {until} from './until.mjs';
import {Gateway} from './gateway.mjs';

const [programs, examples] = process.argv.slice(2);
const gateway = await Gateway.create(programs);
let running = null;
let told = '', complaints = '';

function sync(token, people) {
  running = spawn(process.execPath, [join(examples, 'lead-sync', 'lead_sync.mjs')], {
    env: {...process.env, GATEWAY: gateway.url, TOKEN: token,
          POSITION_FILE: join(gateway.folder, 'position')},
  });
  running.stdout.on('data', (text) => { told += text; });
  running.stderr.on('data', (text) => { complaints += text; });
  running.stdin.end(people.map((person) => JSON.stringify(person)).join('\n'));
}

async function stop() {
  if (!running || running.exitCode !== null || running.signalCode !== null) return;
  const gone = once(running, 'exit');
  running.kill();
  await gone;
}

try {
  await gateway.start();
  const token = await gateway.token({permissions:
    'leads:read,leads:write,conversations:read,conversations:write'});
  const headers = {'Content-Type': 'application/json', Authorization: `Bearer ${token}`};
  const writes = (from) => fetch(`${gateway.url}/api/sandbox/messages`, {
    method: 'POST', headers, body: JSON.stringify({from, text: 'hello'}),
  });
  const leads = async () => (await (await fetch(`${gateway.url}/api/leads`, {headers})).json())
    .data.leads.map((lead) => `${lead.phoneNumber} ${lead.source}`).sort();
  const person = {phoneNumber: '(555) 123-4567', customerName: 'Jane Doe'};

  sync(token, [person, person, {phoneNumber: 'nobody'}]);
  await until('the register to be in', async () => (await leads()).length === 1);
  await until('the refusal', () => complaints.includes('nobody: '));
  await writes('+15557650000');
  await until('a stranger to be told of', () => told.includes('+15557650000'));
  await stop();  // perhaps before the place is kept: the last is then told of once more
  await writes('+15558880000');
  sync(token, []);
  await until('what was missed', () => told.includes('+15558880000'));
  const numbers = told.trim().split('\n').map((line) => JSON.parse(line).phoneNumber);
  assert.deepEqual([...new Set(numbers)], ['+15557650000', '+15558880000']);
  assert.equal(numbers.filter((number) => number === '+15558880000').length, 1);
  assert.ok(numbers.length <= 3, `told of too often: ${numbers}`);
  assert.ok((await leads()).includes('+15551234567 register'));
  console.log('the example keeps both at one');
} catch (failure) {
  console.error(failure, told, complaints, '\n-- the gateway:\n' + gateway.output.slice(-4000));
  process.exitCode = 1;
} finally {
  await stop();
  await gateway.remove();
}
