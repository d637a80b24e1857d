// Wrong settings, played against the programs: settings.mjs says what must come of each.
//   node settings_test.mjs PROGRAMS

import assert from 'node:assert/strict';
import {execFile, execFileSync} from 'node:child_process';
import {chmod, mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';

import {until} from '../browser/until.mjs';
import {House} from './house.mjs';
import {checked, reloaded} from './settings.mjs';

const programs = process.argv[2];
const failures = [];

async function promise(name, verb) {
  try {
    await verb();
  } catch (failure) {
    failures.push(name);
    console.log(`not ok: ${name}\n  ${failure.message}\n`);
  }
}

async function check(one) {
  const folder = await mkdtemp(join(tmpdir(), 'tandem-settings-'));
  try {
    for (const [name, given] of Object.entries(one.files ?? {})) {
      const {text, mode} = typeof given === 'string' ? {text: given, mode: 0o600} : given;
      await mkdir(dirname(join(folder, name)), {recursive: true});
      await writeFile(join(folder, name), text);
      await chmod(join(folder, name), mode);
    }
    if (one.fifo) execFileSync('mkfifo', ['-m', '600', join(folder, one.fifo)]);
    const file = join(folder, 'tandem.yaml');
    await writeFile(file, `${one.settings}\n`);
    const environment = {PATH: process.env.PATH, FOLDER: folder,
                         TANDEM_PLUGINS_TRUSTED_UID: String(process.getuid()),
                         ...one.environment?.(folder)};
    const task = one.starts
      ? ['--config', file]
      : ['--check-config', file];
    const {code, said} = await new Promise((resolve) => {
      execFile(join(programs, 'tandemd'), task, {env: environment, timeout: 60_000},
               (failure, out, err) => resolve({code: failure ? failure.code : 0, said: out + err}));
    });
    assert.equal(code, one.exit, said);
    if (one.says) assert.match(said, one.says);
    if (one.lacks) assert.ok(!said.includes(one.lacks), `a secret was told: ${said}`);
  } finally {
    await rm(folder, {recursive: true, force: true});
  }
}

/** A gateway that may be told to read its settings again. */
class Reloading extends House {
  change = (text) => text;
  secret = '0123456789abcdef0123456789abcdef';

  text() {
    return this.change(super.text().replace('level: debug', 'level: info')
                           .replace('"0123456789abcdef0123456789abcdef"', '"${file:jwt.secret}"'));
  }

  async writeSecret(text) {
    await writeFile(join(this.folder, 'jwt.secret'), `${text}\n`, {mode: 0o600});
  }

  /** Changes the settings and lets them be read again. */
  async ask(change = (text) => text) {
    this.change = change;
    await writeFile(this.settings, this.text());
    const before = await this.metric('tandem_config_reloads_total');
    this.child.kill('SIGHUP');
    await until('the settings to be read again', async () =>
      await this.metric('tandem_config_reloads_total') > before);
  }

  /** The same, and what it said of it, for better or worse. */
  async reload(change) {
    // The log says the same only so often in a second.
    await new Promise((next) => setTimeout(next, 150));
    const before = this.output.length;
    this.said = () => this.output.slice(before);
    await this.ask(change);
    await until('it to be told', () =>
      /settings were read again|stay in force/.test(this.said()));
    return this.said();
  }

  async metric(name) {
    const metrics = await (await fetch(`${this.url}/metrics`)).text();
    return Number(metrics.match(new RegExp(`^${name} (\\d+)$`, 'm'))?.[1] ?? 0);
  }

  successful() { return this.metric('tandem_config_last_reload_successful'); }

  async asks(token) {
    const answer = await fetch(`${this.url}/api/leads`,
                               {headers: {authorization: `Bearer ${token}`}});
    return answer.status;
  }
}

for (const one of checked) await promise(one.name, () => check(one));

const house = await Reloading.create(programs);
try {
  await house.writeSecret(house.secret);
  await house.start();
  for (const one of reloaded) {
    await promise(one.name, async () => {
      const said = await house.reload(one.change);
      if (one.applied)
        assert.ok(said.includes(`"applied":"${one.applied}"`), said);
      else
        assert.ok(!/"applied":"[^"]/.test(said), said);
      if (one.says) await until('it to be told', () => one.says.test(house.said()), 5000);
      await until('the gauge to say so', async () => await house.successful() === one.successful,
                  5000);
      await house.reload();  // and back
    });
  }
  await promise('Y13 a secret that changed is read again, and never told', async () => {
    const before = await house.token();
    assert.equal(await house.asks(before), 200);
    await house.writeSecret('another-secret-of-thirty-two-byte');
    const said = await house.reload();
    assert.match(said, /"applied":"auth\[jwt\]\.options"/);
    assert.equal(await house.asks(before), 401);
    assert.equal(await house.asks(await house.token()), 200);
    assert.ok(!house.output.includes('another-secret'));
  });
  await promise('Y13 a secret file that others can read is not read again', async () => {
    await chmod(join(house.folder, 'jwt.secret'), 0o644);
    const token = await house.reload().then((said) => {
      assert.match(said, /stay in force.*chmod 600/);
      return chmod(join(house.folder, 'jwt.secret'), 0o600);
    }).then(() => house.token());
    assert.equal(await house.asks(token), 200);
  });
  await promise('fifty reloads under load lose no request', async () => {
    const token = await house.token();
    let running = true;
    let asked = 0;
    const callers = Array.from({length: 4}, async () => {
      for (; running; ++asked) assert.equal(await house.asks(token), 200);
    });
    for (let i = 0; i < 50; ++i)
      await house.ask((text) => text.replace('delay_ms: 1', `delay_ms: ${2 + (i % 2)}`));
    running = false;
    await Promise.all(callers);
    assert.ok(asked > 50);
  });
  await promise('there is no core, and nothing shows a secret', async () => {
    const limits = execFileSync('cat', [`/proc/${house.child.pid}/limits`]).toString();
    assert.match(limits, /Max core file size +0 +0/);
    const shown = execFileSync(join(programs, 'tandemctl'),
                               ['config', 'show', '--config', house.settings]).toString();
    for (const secret of ['another-secret', '3'.repeat(32), 'wsec_corpus'])
      assert.ok(!shown.includes(secret) && !house.output.includes(secret), secret);
  });
  assert.equal(await house.ends(), 0);
} finally {
  await house.remove();
}
if (failures.length > 0) {
  console.log(`${failures.length} failed`);
  process.exitCode = 1;
}
