// The real daemon with the sandbox provider, in a folder of its own.

import {execFile, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {promisify} from 'node:util';

import {until} from './until.mjs';

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const {port} = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

// A test says in a second to one number what people say in an hour.
const unhurried = {TANDEM_LIMITS_AUTOMATIC_MESSAGES_PER_MINUTE_PER_NUMBER: '0',
                   TANDEM_LIMITS_MESSAGES_PER_MINUTE_PER_NUMBER: '0',
                   TANDEM_LIMITS_CALLS_PER_MINUTE_PER_NUMBER: '0'};

export class Gateway {
  /** `programs` is the folder of tandemd and tandemctl. */
  static async create(programs) {
    const folder = await mkdtemp(join(tmpdir(), 'tandem-console-'));
    return new this(programs, folder, await freePort());
  }

  constructor(programs, folder, port) {
    this.programs = programs;
    this.folder = folder;
    this.listenAt(port);
    this.settings = join(folder, 'tandem.yaml');
    this.child = null;
    this.output = '';
  }

  listenAt(port) {
    this.port = port;
    this.url = `http://127.0.0.1:${port}`;
  }

  /** The settings' text; a test that needs more says it again. */
  text() {
    return `
server: {listen: "127.0.0.1:${this.port}", public_url: "${this.url}"}
storage: {plugin: sqlite, options: {path: "${this.folder}/tandem.db"}}
auth:
  - {plugin: jwt, options: {algorithm: HS256, secret: "0123456789abcdef0123456789abcdef"}}
providers:
  - {id: sandbox, plugin: sandbox, options: {delay_ms: 50}}
organizations:
  - id: demo
    name: Demo Bike Store
    default_region: US
    numbers: ["+15550100000"]
    channel: sandbox
    voice: sandbox
    responder: sandbox
plugins: {trusted_uid: ${process.getuid()}}
stream: {heartbeat_s: 1}
`;
  }

  /** For the first time at a port that nobody has, and then at this one again. */
  async start() {
    const first = !this.child;
    for (let attempt = 0; ; ++attempt) {
      try {
        return await this.startOnce();
      } catch (failure) {
        // Between its search and its use another test may have got the port.
        if (!first || attempt === 3 || !/already in use/.test(failure.message)) throw failure;
        this.listenAt(await freePort());
        this.output = '';
      }
    }
  }

  async startOnce() {
    await writeFile(this.settings, this.text());
    const child = spawn(join(this.programs, 'tandemd'), ['--config', this.settings],
                        {stdio: ['ignore', 'pipe', 'pipe'], env: {...process.env, ...unhurried}});
    this.child = child;
    const closed = once(child, 'close');  // all it said is read
    const before = this.output.length;
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text) => { this.output += text; });
    await until('the gateway to be ready', async () => {
      if (child.exitCode !== null) {
        await closed;
        throw new Error(`the gateway ended:\n${this.output}`);
      }
      // Another one may be ready at this port.
      return this.output.slice(before).includes('"text":"listening"') &&
             fetch(`${this.url}/readyz`).then((answer) => answer.ok, () => false);
    }, 60_000);
  }

  /** Ends it as a power cut would, or with another signal in its own way. */
  async kill(signal = 'SIGKILL') {
    if (!this.child || this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill(signal);
    await gone;
  }

  async token({org = 'demo', sub = 'agent-1', permissions = 'admin', ttl = '1h'} = {}) {
    const {stdout} = await promisify(execFile)(
        join(this.programs, 'tandemctl'),
        ['token', '--config', this.settings, '--org', org, '--sub', sub,
         '--permissions', permissions, '--ttl', ttl]);
    return stdout.trim();
  }

  async remove() {
    await this.kill();
    await rm(this.folder, {recursive: true, force: true});
  }
}
