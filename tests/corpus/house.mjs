// The daemon that the bad input is played against: every way in is configured, as in a
// small real installation, and whoever its providers are does not answer.

import {createHmac} from 'node:crypto';

import {Gateway} from '../browser/gateway.mjs';

export const publicUrl = 'https://gateway.example.com';
export const number = {demo: '+15550100000', other: '+15550200000'};
export const account = {demo: 'AC' + '1'.repeat(32), other: 'AC' + '2'.repeat(32)};
export const authToken = '3'.repeat(32);
const postCallSecret = 'wsec_corpus';

export class House extends Gateway {
  text() {
    return `
server:
  listen: "127.0.0.1:${this.port}"
  public_url: ${publicUrl}
  cors_origins: ["https://desk.example.com"]
storage: {plugin: sqlite, options: {path: "${this.folder}/tandem.db"}}
auth:
  - {plugin: jwt, options: {algorithm: HS256, secret: "0123456789abcdef0123456789abcdef"}}
providers:
  - {id: sandbox, plugin: sandbox, options: {delay_ms: 1}}
  - id: twilio
    plugin: twilio
    options: {account_sid: "${account.demo}", auth_token: "${authToken}",
              from: "${number.demo}", api_base_url: "http://127.0.0.1:9"}
  - id: elevenlabs
    plugin: elevenlabs
    options: {api_base_url: "http://127.0.0.1:9", agent_id: agent_none, api_key: none,
              conversation_initiation_webhook_secret: initiation,
              post_call_webhook_secret: ${postCallSecret}}
organizations:
  - {id: demo, name: Demo, default_region: US, numbers: ["${number.demo}"],
     channel: twilio, voice: elevenlabs}
  - {id: other, name: Other, default_region: US, numbers: ["${number.other}"],
     channel: sandbox, voice: sandbox}
plugins: {trusted_uid: ${process.getuid()}}
conversation: {reconcile_s: 0}
stream: {heartbeat_s: 1, max_per_credential: 8}
limits: {body_bytes: 65536, header_seconds: 2, body_seconds: 2, connections_per_address: 200}
log: {level: debug}
`;
  }

  /** Ends it as its operator would; the exit code. */
  async ends() {
    await this.kill('SIGTERM');
    return this.child.exitCode;
  }
}

/** What Twilio sends as X-Twilio-Signature: the URL and the sorted fields. */
export function twilioSignature(path, fields, {url = publicUrl, token = authToken} = {}) {
  const order = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  const sorted = [...fields].sort((a, b) => order(a[0], b[0]) || order(a[1], b[1]));
  const mac = createHmac('sha1', token).update(url + path);
  for (const [name, value] of sorted) mac.update(name).update(value);
  return mac.digest('base64');
}

/** What ElevenLabs sends as ElevenLabs-Signature. */
export function elevenlabsSignature(body, {time = Math.floor(Date.now() / 1000),
                                           secret = postCallSecret} = {}) {
  const mac = createHmac('sha256', secret).update(`${time}.`).update(body).digest('hex');
  return `t=${time},v0=${mac}`;
}
