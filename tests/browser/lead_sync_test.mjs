// The example of a server's integration against the real daemon: people of the register become
// leads, strangers are told of, once, also when it was stopped meanwhile.
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
  let strangers = 0;
  await until('a stranger to be told of', async () => {
    // Whether it follows already cannot be seen from outside: another one comes along.
    if (!told.includes('+1555765')) await writes(`+1555765${String(strangers++).padStart(4, '0')}`);
    return told.includes('+1555765');
  });
  await stop();
  await writes('+15558880000');
  sync(token, []);
  await until('what was missed', () => told.includes('+15558880000'));
  const numbers = told.trim().split('\n').map((line) => JSON.parse(line).phoneNumber);
  assert.equal(new Set(numbers).size, numbers.length, 'somebody was told of twice');
  assert.ok((await leads()).includes('+15551234567 register'));
  console.log('the example keeps both at one');
} catch (failure) {
  console.error(failure, told, complaints, '\n-- the gateway:\n' + gateway.output.slice(-4000));
  process.exitCode = 1;
} finally {
  await stop();
  await gateway.remove();
}
