// Settings as an operator gives them to the programs, and a gateway that reads them again.

import assert from 'node:assert/strict';
import {execFile, execFileSync} from 'node:child_process';
import {once} from 'node:events';
import {chmod, mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {connect} from 'node:tls';

import {until} from '../browser/until.mjs';
import {House} from './house.mjs';
import {keyPair, pem, signed} from './jwt.mjs';

const failures = [];

export async function promise(name, verb) {
  try {
    await verb();
  } catch (failure) {
    failures.push(name);
    console.log(`not ok: ${name}\n  ${failure.message}\n`);
  }
}

export async function check(programs, one) {
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
    await writeFile(file, one.settings);
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
    if (one.at) assert.ok(says(said, file, one.at), `no ${one.at.begins}: ${said.slice(0, 1000)}`);
    if (one.lacks) assert.ok(!said.includes(one.lacks), `a secret was told: ${said}`);
  } finally {
    await rm(folder, {recursive: true, force: true});
  }
}

/** A line of `FILE:LINE:COLUMN: key: what was expected`. */
function says(said, file, {begins, expected}) {
  return said.split('\n').some((line) => line.startsWith(`${file}:`) &&
      begins.test(line.slice(file.length + 1)) && line.includes(expected));
}

/** A gateway that may be told to read its settings again. */
export class Reloading extends House {
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

/** One that ends TLS itself. */
export class Secure extends Reloading {
  url = `https://127.0.0.1:${this.port}`;

  text() {
    return super.text().replace('server:\n', 'server:\n  tls: {certificate: ' +
        `"${this.folder}/certificate.pem", key: "${this.folder}/key.pem"}\n`);
  }

  /** A new key and its certificate, in the places of the old ones. */
  certify() {
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt',
                             'ec_paramgen_curve:P-256', '-nodes', '-days', '1', '-subj',
                             '/CN=localhost', '-keyout', join(this.folder, 'key.pem'),
                             '-out', join(this.folder, 'certificate.pem')], {stdio: 'ignore'});
  }

  /** The fingerprint that a new connection is shown. */
  async shown() {
    const socket = connect({host: '127.0.0.1', port: this.port, rejectUnauthorized: false});
    await once(socket, 'secureConnect');
    const {fingerprint256} = socket.getPeerCertificate();
    socket.destroy();
    return fingerprint256;
  }
}

/** One with an issuer whose public key stands in a file. */
export class Issued extends Reloading {
  text() {
    return super.text().replace('auth:\n', 'auth:\n  - {id: partner, plugin: jwt, options: ' +
        `{algorithm: EdDSA, key_file: "${this.folder}/partner.pem", issuer: partner, ` +
        'audience: tandem}}\n');
  }

  /** A key of the issuer's, in the place of the one before. */
  async publish() {
    this.keys = keyPair('ed25519');
    await writeFile(join(this.folder, 'partner.pem'), pem(this.keys));
  }

  /** A token by the key that is published. */
  partners() {
    const now = Math.floor(Date.now() / 1000);
    return signed('EdDSA', this.keys, {alg: 'EdDSA', typ: 'JWT'},
                  {iss: 'partner', aud: 'tandem', sub: 'someone', exp: now + 600, iat: now,
                   organizationId: 'demo', permissions: ['leads:read']});
  }
}

/** Says which promises were broken. */
export function tell() {
  if (failures.length === 0) return;
  console.log(`${failures.length} failed`);
  process.exitCode = 1;
}
