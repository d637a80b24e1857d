// A daemon whose providers are tests' own: two of tests/fakes, which answer as a case says, one
// whose certificate nobody vouches for, one that speaks an old TLS, and one that has no address.

import {spawn} from 'node:child_process';
import {generateKeyPairSync, sign} from 'node:crypto';
import {once} from 'node:events';
import {createServer} from 'node:http';
import {createServer as createSecureServer} from 'node:https';
import {join} from 'node:path';

import {account, authToken, House, number, publicUrl} from './house.mjs';

const names = {orders: '+15550300001', strange: '+15550300002', old: '+15550300003',
               nowhere: '+15550300004'};

/** A provider's program, and its tests' door. */
class Fake {
  static async start(programs, sid) {
    const fake = new Fake();
    fake.child = spawn(join(programs, 'fake_twilio'), [sid, authToken],
                       {stdio: ['ignore', 'pipe', 'inherit']});
    const [said] = await once(fake.child.stdout.setEncoding('utf8'), 'data');
    fake.url = `http://127.0.0.1:${said.match(/listening on (\d+)/)[1]}`;
    return fake;
  }

  async order(name, body = {}) {
    const answer = await fetch(`${this.url}/_fake/${name}`,
                               {method: 'POST', body: JSON.stringify(body)});
    const done = await answer.json();
    if (!answer.ok) throw new Error(`the fake refused ${name}: ${done.error}`);
    return done;
  }

  async stop() {
    const gone = once(this.child, 'exit');
    this.child.kill('SIGTERM');
    await gone;
  }
}

// What a certificate is made of (X.690, RFC 5280).
const item = (tag, ...parts) => {
  const content = Buffer.concat(parts);
  const length = content.length < 128 ? [content.length]
                                      : [0x82, content.length >> 8, content.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
};
const sequence = (...parts) => item(0x30, ...parts);

/** A certificate that its own key has signed. */
function selfSigned() {
  const {publicKey, privateKey} = generateKeyPairSync('ec', {namedCurve: 'P-256'});
  const algorithm = sequence(Buffer.from('06082a8648ce3d040302', 'hex'));
  const name = sequence(item(0x31, sequence(Buffer.from('0603550403', 'hex'),
                                            item(0x0c, Buffer.from('127.0.0.1')))));
  const time = (text) => item(0x18, Buffer.from(text));
  const content = sequence(item(2, Buffer.from([1])), algorithm, name,
                           sequence(time('20200101000000Z'), time('20990101000000Z')), name,
                           publicKey.export({type: 'spki', format: 'der'}));
  const seal = item(3, Buffer.from([0]), sign('sha256', content, privateKey));
  const bytes = sequence(content, algorithm, seal).toString('base64');
  return {cert: `-----BEGIN CERTIFICATE-----\n${bytes}\n-----END CERTIFICATE-----\n`,
          key: privateKey.export({type: 'pkcs8', format: 'pem'})};
}

export class Home extends House {
  static async create(programs) {
    const home = await super.create(programs);
    home.requests = {strange: 0, old: 0, elsewhere: 0};
    home.fake = await Fake.start(programs, account.demo);
    home.other = await Fake.start(programs, account.other);
    const count = (name) => (asked, answer) => {
      ++home.requests[name];
      answer.end('{}');
    };
    const strict = selfSigned();
    // Debian's OpenSSL speaks the old versions only where it is told to be careless.
    const old = {...strict, minVersion: 'TLSv1', maxVersion: 'TLSv1.1',
                 ciphers: 'DEFAULT@SECLEVEL=0'};
    home.servers = {strange: createSecureServer(strict, count('strange')),
                    old: createSecureServer(old, count('old')),
                    elsewhere: createServer(count('elsewhere'))};
    for (const server of Object.values(home.servers)) {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    }
    return home;
  }

  portOf(name) { return this.servers[name].address().port; }

  async start() {
    await super.start();
    const at = {url: this.url, public_url: publicUrl};
    await this.fake.order('gateway', {...at, instance: 'twilio'});
    await this.other.order('gateway', {...at, instance: 'orders'});
    for (const fake of [this.fake, this.other])
      await fake.order('plan', {callbacks: ['sent', 'delivered']});
  }

  text() {
    const instance = (id, sid, url) =>
      `  - {id: ${id}, plugin: twilio, options: {account_sid: ${sid}, ` +
      `auth_token: "${authToken}", api_base_url: "${url}"}}`;
    const sid = (digit) => `AC${digit.repeat(32)}`;
    const providers = [
      instance('orders', account.other, this.other.url),
      instance('strange', sid('5'), `https://127.0.0.1:${this.portOf('strange')}`),
      instance('old', sid('6'), `https://127.0.0.1:${this.portOf('old')}`),
      instance('nowhere', sid('7'), 'http://nowhere.invalid'),
    ];
    const organizations = Object.entries(names).map(([id, own]) =>
      `  - {id: ${id}, name: ${id}, default_region: US, numbers: ["${own}"], channel: ${id}}`);
    return super.text()
        .replace('api_base_url: "http://127.0.0.1:9"', `api_base_url: "${this.fake.url}"`)
        .replace('organizations:\n', `${providers.join('\n')}\norganizations:\n` +
                                     `${organizations.join('\n')}\n`)
        .replace('channel: twilio, voice: elevenlabs',
                 'channel: twilio, voice: elevenlabs, responder: sandbox')
        .replace('reconcile_s: 0', 'reconcile_s: 0, coalesce_ms: 10');
  }

  async remove() {
    await super.remove();
    for (const server of Object.values(this.servers)) {
      server.closeAllConnections();
      server.close();
    }
    await this.fake.stop();
    await this.other.stop();
  }
}
