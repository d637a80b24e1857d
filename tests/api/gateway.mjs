// The daemon with four organisations: one with everything, another one, one without providers,
// and one whose providers are a test's.

import {Gateway} from '../browser/gateway.mjs';

export const realNumber = '+15550400000';
export const account = 'AC00000000000000000000000000000000';
export const authToken = '00000000000000000000000000000000';
export const publicUrl = 'https://gateway.example.com';

export class ApiGateway extends Gateway {
  /** With other sections of the settings; see `text`. */
  static async with(programs, given) {
    const gateway = await this.create(programs);
    gateway.given = given;
    return gateway;
  }

  text() {
    // Unless there is a provider, these are declared for their webhooks; nobody is at that port.
    const {storage, provider = 'http://127.0.0.1:9', plugins = '', server = '', stream = '', more = ''} = this.given ?? {};
    return `
server: {listen: "127.0.0.1:${this.port}", public_url: "${publicUrl}"${server}}
storage: ${storage ?? `{plugin: sqlite, options: {path: "${this.folder}/tandem.db"}}`}
auth:
  - {plugin: jwt, options: {algorithm: HS256, secret: "0123456789abcdef0123456789abcdef"}}
providers:
  - {id: sandbox, plugin: sandbox, options: {delay_ms: 20}}
  - id: twilio
    plugin: twilio
    options:
      account_sid: "${account}"
      auth_token: "${authToken}"
      api_base_url: "${provider}"
  - id: elevenlabs
    plugin: elevenlabs
    options:
      api_base_url: "${provider}"
      agent_id: "agent_none"
      agent_phone_number_id: "phone_none"
      api_key: "none"
      conversation_initiation_webhook_secret: "initiation"
      post_call_webhook_secret: "wsec_post_call"
organizations:
  - {id: demo, name: Demo, default_region: US, numbers: ["+15550100000"],
     channel: sandbox, voice: sandbox, responder: sandbox}
  - {id: other, name: Other, default_region: US, numbers: ["+15550200000"],
     channel: sandbox, voice: sandbox}
  - {id: bare, name: Bare, default_region: US, numbers: ["+15550300000"],
     daily: {messages: 100}}
  - {id: real, name: Real, default_region: US, numbers: ["${realNumber}"],
     channel: twilio, voice: elevenlabs, responder: sandbox}
plugins: {trusted_uid: ${process.getuid()}${plugins}}
stream: {heartbeat_s: 1${stream}}
${more}
`;
  }
}

export const permissions = ['conversations:read', 'conversations:write', 'conversations:manage',
                            'leads:read', 'leads:write', 'admin'];
