// The daemon with three organisations: one with everything, another one, and one without
// providers.

import {Gateway} from '../browser/gateway.mjs';

export class ApiGateway extends Gateway {
  text() {
    // The providers are declared for their webhooks; nobody answers at that port.
    return `
server: {listen: "127.0.0.1:${this.port}", public_url: "https://gateway.example.com"}
storage: {plugin: sqlite, options: {path: "${this.folder}/tandem.db"}}
auth:
  - {plugin: jwt, options: {algorithm: HS256, secret: "0123456789abcdef0123456789abcdef"}}
providers:
  - {id: sandbox, plugin: sandbox, options: {delay_ms: 20}}
  - id: twilio
    plugin: twilio
    options:
      account_sid: "AC00000000000000000000000000000000"
      auth_token: "00000000000000000000000000000000"
      api_base_url: "http://127.0.0.1:9"
  - id: elevenlabs
    plugin: elevenlabs
    options:
      api_base_url: "http://127.0.0.1:9"
      agent_id: "agent_none"
      api_key: "none"
      conversation_initiation_webhook_secret: "initiation"
      post_call_webhook_secret: "wsec_post_call"
organizations:
  - {id: demo, name: Demo, default_region: US, numbers: ["+15550100000"],
     channel: sandbox, voice: sandbox, responder: sandbox}
  - {id: other, name: Other, default_region: US, numbers: ["+15550200000"],
     channel: sandbox, voice: sandbox}
  - {id: bare, name: Bare, default_region: US, numbers: ["+15550300000"]}
plugins: {trusted_uid: ${process.getuid()}}
stream: {heartbeat_s: 1}
`;
  }
}

export const permissions = ['conversations:read', 'conversations:write', 'conversations:manage',
                            'leads:read', 'leads:write', 'admin'];
