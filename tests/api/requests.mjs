// A right request for every operation that the description has; what is wrong, forbidden or too
// much is made of them.

import assert from 'node:assert/strict';
import {createHmac, randomUUID} from 'node:crypto';

import {account, authToken, publicUrl, realNumber} from './gateway.mjs';

/** By schema. */
const bodies = {
  PlainMessageRequest: {message: 'Hello'},
  NewLead: {phoneNumber: '+15550100091'},
  LeadChange: {customerName: 'Ann'},
  RevocationRequest: {tokenId: 'nobodys'},
  OutboundCallRequest: {phoneNumber: '+15550100092'},
  JoinRequest: {phoneNumber: '+15550100093'},
  LeaveRequest: {phoneNumber: '+15550100093'},
  SendMessageRequest: {phoneNumber: '+15550100093', message: 'Hello'},
  TransferRequest: {phoneNumber: '+15550100093', toAgentId: 'agent-2'},
  ProcessRequest: {messageIds: []},
  TicketRequest: {organization: true},
  SandboxMessage: {from: '+15550100094', text: 'Hello'},
  SandboxCall: {from: '+15550100094'},
};

export const known = '+15550100099';  // a conversation with a lead, made for this

/**
 * What there is for paths to name: a conversation with `known`, their lead, a call of it, and
 * what is owed for that.
 */
export async function knownValues(api, token) {
  await api.ask('playCustomerText', {token, json: {from: known, text: 'hello'}});
  const {body} = await api.ask('getConversation', {token, path: {phoneNumber: known}});
  const scheduledTime = new Date(Date.now() + 3_600_000).toISOString();
  const placed = await api.ask('placeCall', {token, json: {phoneNumber: known, scheduledTime}});
  const owed = await api.ask('listOutbox', {token, query: {state: 'waiting', limit: 200}});
  return {phoneNumber: known, lead: body.data.lead.id, call: placed.body.data.callId,
          owed: owed.body.data.entries.find((one) => one.kind === 'call').id};
}

/** The path parameters of an operation, of what is there. */
export function pathOf({path}, values) {
  return {phoneNumber: values.phoneNumber, leadId: values.lead, conversationId: values.call,
          id: path.includes('/outbox/') ? values.owed : values.lead, secret: 'wrong'};
}

/** What an operation must have in its query. */
function queryOf({operationId}) {
  return operationId === 'restoreCredentialByQuery' ? {id: 'token:nobodys'} : {};
}

/** The body of an operation: {json}, {text, type}, or nothing. */
export function rightBody({operationId, requestBody}) {
  const content = requestBody?.content ?? {};
  const schema = content['application/json']?.schema;
  if (schema) {
    const json = bodies[schema.$ref.split('/').pop()];
    assert.ok(json, `a right body of ${operationId}`);
    return {json};
  }
  if (content['application/x-ndjson'])
    return {text: '{"phoneNumber": "+15550100095"}\n', type: 'application/x-ndjson'};
  return {};
}

/** A whole right request, with what makes it genuine. */
export function rightRequest(operation, values, token) {
  if (operation.tags[0] === 'webhooks') return webhookRequest(operation);
  // A ticket for all needs no storage, and what stands in a path is read first.
  const body = operation.operationId === 'createStreamTicket' ? {json: {leadId: values.lead}}
                                                              : rightBody(operation);
  return {path: pathOf(operation, values), query: queryOf(operation), ...body,
          token: operation.security.length ? token : undefined};
}

/** What the providers tell; `to` is the business's number, `odd` makes no sense of it. */
const told = {
  '/sms/incoming': ({to, odd}) => ({MessageSid: `SM${hex()}`, AccountSid: account, NumMedia: '0',
                                    From: odd ? '' : '+15550100096', To: to, Body: 'Hello'}),
  '/sms/status': ({to, odd}) => ({MessageSid: odd ? '' : `SM${hex()}`, AccountSid: account,
                                  MessageStatus: 'delivered', From: to, To: '+15550100096'}),
  '/voice/status': ({to, odd}) => ({CallSid: odd ? '' : `CA${hex()}`, AccountSid: account,
                                    CallStatus: 'completed', CallDuration: '7',
                                    Direction: 'inbound', From: '+15550100096', To: to}),
  '/conversation-initiation': ({to, odd}) => odd ? [] : {
    caller_id: '+15550100096', agent_id: 'agent_none', called_number: to, call_sid: `CA${hex()}`},
  '/post-call': ({to, odd}) => odd ? [] : {
    type: 'post_call_transcription', event_timestamp: seconds(), data: {
      agent_id: 'agent_none', conversation_id: `conv_${hex()}`, status: 'done',
      transcript: [{role: 'agent', message: 'Hello', time_in_call_secs: 0}],
      metadata: {start_time_unix_secs: seconds() - 60, call_duration_secs: 30, phone_call: {
        direction: 'inbound', type: 'twilio', phone_number_id: 'phone_none', agent_number: to,
        external_number: '+15550100096', call_sid: `CA${hex()}`}},
      analysis: {call_successful: 'success', transcript_summary: 'Hello'}}},
};

const hex = () => randomUUID().replaceAll('-', '');
const seconds = () => Math.floor(Date.now() / 1000);

/** A webhook as its provider signs it. */
export function webhookRequest({operationId, method, path}, given = {}) {
  const kind = Object.keys(told).find((one) => path.replace('/{secret}', '').endsWith(one));
  assert.ok(kind, `what a provider tells at ${operationId}`);
  const content = told[kind]({to: realNumber, ...given});
  if (path.includes('/twilio/')) {
    const url = publicUrl + path;
    const sign = (text) => ({'X-Twilio-Signature':
      createHmac('sha1', authToken).update(text).digest('base64')});
    const form = new URLSearchParams(content).toString();
    if (method === 'GET') return {query: content, headers: sign(`${url}?${form}`)};
    const sorted = Object.keys(content).sort().map((name) => name + content[name]).join('');
    return {text: form, type: 'application/x-www-form-urlencoded', headers: sign(url + sorted)};
  }
  const text = JSON.stringify(content);
  if (path.endsWith('/{secret}')) return {text, path: {secret: 'initiation'}};
  if (kind === '/conversation-initiation')
    return {text, headers: {'X-Webhook-Secret': 'initiation'}};
  const mac = createHmac('sha256', 'wsec_post_call').update(`${seconds()}.${text}`).digest('hex');
  return {text, headers: {'ElevenLabs-Signature': `t=${seconds()},v0=${mac}`}};
}
