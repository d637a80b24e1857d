// G01-G19: plugins that are none, that break while they are loaded, and one that misbehaves while
// it works. What each is told in detail is in tests/contract.

import assert from 'node:assert/strict';
import {readFile} from 'node:fs/promises';

import {until} from '../browser/until.mjs';
import {Line} from './player.mjs';
import {Home} from './plugin_house.mjs';

export {Home};

/** Of each number: the plugins, and what the operator reads. */
const broken = {
  G01: {absent: 'no readable file', folder: '/tmp', 'leads-out': 'outside of plugins.directories'},
  G02: {text: 'not a plugin for this machine', empty: 'not a plugin for this machine',
        cut: 'cut off or damaged', foreign: 'built for another machine'},
  G03: {'broken-missing_symbol': 'nobody_defines_this'},
  G04: {'broken-no_entry': 'not a Tandem plugin, or for another major'},
  G05: {'broken-newer_minor': 'built for ABI 1.42', 'broken-older_minor': 'built for ABI 1.0',
        'broken-short_descriptor': 'its descriptor has 40 bytes',
        'broken-null_descriptor': 'its entry function returned null',
        'broken-bad_id': 'is not reverse DNS', 'broken-bad_option': "has the default 'many'"},
  G06: {'broken-throwing_constructor': 'died by signal ABRT during load'},
  G07: {'broken-throwing_create': 'the moon is full',
        'broken-throwing_number': 'an exception that is no std::exception'},
  G08: {'broken-crashing_create': 'during create in the probe'},
  G09: {'broken-hanging_create': 'hung during create for 5 s'},
  G10: {'broken-exiting_create': 'ended the process with exit code 0',
        'broken-empty_create': 'gave no instance'},
  G11: {'broken-changed_mask': 'SIGTERM was blocked',
        'broken-changed_handler': 'the handler of SIGHUP was changed',
        'broken-changed_directory': 'the working directory was changed to /',
        'broken-closed_stream': 'standard error was closed'},
  G17: {'broken-twin_two': 'com.example.twin'},
};

export async function plugin({house, request, ask, tokens}) {
  tokens.strange = await house.token({org: 'strange'});
  await house.write('text', 'int main() {}\n');
  await house.write('empty', '');
  const sound = await readFile(house.file('broken-sound'));
  await house.write('cut', sound.subarray(0, 200));
  await house.write('foreign', Buffer.concat([sound.subarray(0, 18), Buffer.from([8]),
                                              sound.subarray(19)]));
  await house.link('leads-out', '/etc/hostname');
  await house.link('folder', '/tmp');

  /** Whoever names them in the settings is not served, and this gateway does not notice. */
  const refused = (number, plugins, task = '--check-config') =>
    ({name: `${number} by ${task}`, scene: async () => {
      // Twins are two: one of them alone is sound.
      const named = [...(number === 'G17' ? ['broken-twin_one'] : []), ...Object.keys(plugins)];
      const {code, said} = await house.check(named, task);
      assert.equal(code, 78, said);
      for (const [one, words] of Object.entries(plugins))
        assert.ok(said.split('\n').some((line) => line.includes(`plugin ${one}`) &&
                                                  line.includes(words)), `${one} in ${said}`);
    }});

  const hook = (body) => request('POST', '/api/webhooks/odd/in', {
    body, headers: {'Content-Type': 'text/plain'}});
  const hooked = (name, body, status, more = {}) =>
    ({name, send: hook(body), answers: [status], ...more});
  const fails = (name, body, more = {}) =>
    hooked(name, body, 500, {code: 'INTERNAL_ERROR', ...more});
  const answer = async (send) => {
    const line = await Line.open(house.port);
    line.send(send);
    const got = await line.answer();
    line.leave();
    return got;
  };
  let customers = 4155561000;
  const sends = (name, message, status) => ({name, stores: 'some', scene: async () => {
    const path = `/api/conversations/${encodeURIComponent(`+1${++customers}`)}/messages`;
    await ask('POST', path, {json: {message}, as: 'strange'});
    await until(`the text to be ${status}`, async () =>
      (await ask('GET', path, {as: 'strange'})).data.messages[0].status === status);
  }});

  return [
    ...Object.entries(broken).map(([number, plugins]) => refused(number, plugins)),
    refused('G03', broken.G03, '--config'),

    fails('G12, H46: verify throws', 'throw'),
    fails('G12 verify says something unknown', 'strange'),
    fails('G12 verify is not done', 'pending'),
    hooked('G12 verify says no', 'forged', 403, {code: 'INVALID_SIGNATURE'}),
    hooked('G12 verify says no without a reason', 'silent', 403, {code: 'INVALID_SIGNATURE'}),
    hooked('G12 normalise makes no sense of it', 'nonsense', 400),
    hooked('G12 and the next one', 'hello', 200),
    ...['throw', 'silence', 'new outcome', 'no id'].map((message) =>
      sends(`G12 send: ${message}`, message, 'unknown')),

    ({name: 'G13 one takes its time', scene: async () => {
      const begin = performance.now();
      let over = false;
      const slow = answer(hook('slow')).finally(() => { over = true; });
      await until('it to be inside', () => performance.now() - begin > 100);
      const got = await answer(request('POST', '/api/webhooks/twilio/sms/incoming', {
        body: 'a=b', headers: {'Content-Type': 'application/x-www-form-urlencoded'}}));
      assert.equal(got.status, 403);
      assert.equal((await fetch(`${house.url}/readyz`)).status, 200);
      assert.ok(!over, 'others wait for it');
      assert.equal((await slow).status, 200);
      assert.ok(performance.now() - begin >= 1500);
    }}),

    fails('G19 status 999', 'status 999'),
    fails('G19, H45: CR LF in a header', 'split', {lacks: 'Set-Cookie'}),
    fails('G19 2 MiB of an answer', 'huge'),
    hooked('G19 a kind of event that nobody knows', 'new kind', 200),
    hooked('G19 text that is no UTF-8', Buffer.from('text:\xff\xfe', 'latin1'), 200,
           {stores: 'some', after: async () => {
             const {data} = await ask('GET', '/api/conversations?limit=200', {as: 'strange'});
             assert.ok(JSON.stringify(data).includes('\ufffd\ufffd'), JSON.stringify(data));
           }}),
  ];
}
