// A person at a conversation: takes it over, hands it back, gives it to a colleague.

import {controlPath, get, insist, post} from './ask.js';
import {choice, labelled, openDialog} from './ask_in_dialog.js';
import {make} from './make.js';
import {busy} from './press_keys.js';
import {toast} from './tell.js';

const reasons = {
  manual_takeover: 'I want to answer', customer_request: 'The customer asks for a person',
  complex_issue: 'Too complex for the AI', escalation: 'Escalation',
  ai_confidence_low: 'The AI is unsure', technical_issue: 'Technical problem', custom: 'Other',
};
const phoneKey = 'tandem.my-phone';

export const join = async (...who) => (await takeOver(...who))();

// Gives what follows: to write, unless the person does something else by now.
async function takeOver(desk, conversation, more = {}) {
  const joined = await post(controlPath('join'),
                            {phoneNumber: conversation.phoneNumber, ...more});
  conversation.hold(joined.session);
  if (joined.pendingSends.length)
    toast('A text of the AI was on its way already and could not be stopped.', 'warn');
  if (joined.takeCall && !joined.takeCall.done)
    toast(`The call was not taken: ${joined.takeCall.reason ?? 'the provider refused'}`, 'bad');
  desk.refresh();
  conversation.soon();
  return () => {
    if (conversation === desk.conversation && !busy()) desk.focusComposer();
  };
}

export function joinWithReason(desk, conversation) {
  const reason = choice(reasons);
  const greeting = make('textarea', {rows: 2, maxlength: 1600, dir: 'auto'});
  const {call, phone, fields} = callFields(conversation);
  return openDialog({
    title: 'Take over', button: 'Take over',
    fields: [labelled('Reason', reason),
             labelled('Announce yourself', greeting, 'Sent to the customer; may stay empty.'),
             fields],
    act: () => takeOver(desk, conversation, {
      handoffReason: reason.value,
      ...(greeting.value.trim() && {customMessage: greeting.value.trim()}),
      ...takeCall(call?.value, phone),
    }),
  });
}

export function takeRunningCall(desk, conversation) {
  const {call, phone, fields} = callFields(conversation, 'transfer');
  return openDialog({
    title: 'Take the call', button: 'Take the call', fields,
    act: () => takeOver(desk, conversation, takeCall(call.value, phone)),
  });
}

function callFields(conversation, chosen = 'leave') {
  if (!conversation.activeCall) return {fields: []};
  const call = choice({leave: 'Let the AI finish it', transfer: 'Put it through to my phone',
                       hang_up: 'Hang up'});
  call.value = chosen;
  const phone = make('input', {type: 'tel', autocomplete: 'tel',
                               value: sessionStorage.getItem(phoneKey) ?? ''});
  const number = labelled('My phone', phone);
  const show = () => {
    number.hidden = call.value !== 'transfer';
    phone.required = !number.hidden;
  };
  call.addEventListener('change', show);
  show();
  return {call, phone, fields: [labelled('The running call', call), number]};
}

function takeCall(action, phone) {
  if (!action || action === 'leave') return {};
  if (action === 'transfer') sessionStorage.setItem(phoneKey, phone.value.trim());
  return {takeCall: {action, ...(action === 'transfer' && {to: phone.value.trim()})}};
}

export async function leave(desk, conversation, more = {}) {
  await post(controlPath('leave'), {phoneNumber: conversation.phoneNumber, ...more});
  conversation.hold(null);
  conversation.waiting = [];
  desk.refresh();
  toast(desk.me.responder ? 'Handed back to the AI.' : 'Released.');
  conversation.soon();
}

export function leaveWithSummary(desk, conversation) {
  const summary = make('textarea', {rows: 4, maxlength: 5000, dir: 'auto'});
  const steps = make('textarea', {rows: 3, dir: 'auto'});
  const success = make('input', {type: 'checkbox'});
  success.checked = true;
  return openDialog({
    title: 'Hand back', button: 'Hand back',
    fields: [labelled('Summary', summary, 'The AI gets it with what was said meanwhile.'),
             labelled('Next steps', steps, 'One a line, at most ten.'),
             make('label', {class: 'choice'}, success, 'The matter is settled')],
    act: () => {
      const nextSteps = steps.value.split('\n').map((step) => step.trim()).filter(Boolean);
      return leave(desk, conversation, {
        handoffSuccess: success.checked,
        ...(summary.value.trim() && {summary: summary.value.trim()}),
        ...(nextSteps.length && {nextSteps}),
      });
    },
  });
}

export function forceBack(desk, conversation) {
  const name = conversation.humanControl.agentName;
  return openDialog({
    title: `End ${name}’s hold`, button: 'End it', danger: true,
    fields: [make('p', {}, `${name} holds this conversation. The AI gets it back at once.`)],
    act: () => leave(desk, conversation, {force: true}),
  });
}

// Colleagues are who held a conversation before.
export async function transfer(desk, conversation) {
  const {sessions} = await get('/api/conversations/human-control/sessions',
                               {status: 'all', limit: 200});
  if (conversation !== desk.conversation || busy()) return null;
  const colleagues = new Map();
  for (const {agentId, agentName} of sessions)
    if (agentId !== desk.me.subject && !colleagues.has(agentId))
      colleagues.set(agentId, agentName || agentId);
  const list = make('datalist', {id: 'colleagues'}, [...colleagues].map(([id, name]) =>
    make('option', {value: id}, name)));
  const to = make('input', {list: 'colleagues', required: true, spellcheck: 'false'});
  const picks = make('div', {class: 'picks'}, [...colleagues].slice(0, 8).map(([id, name]) =>
    make('button', {type: 'button', click: () => { to.value = id; to.focus(); }}, name)));
  return openDialog({
    title: 'Transfer to a colleague', button: 'Transfer',
    fields: [picks, labelled('Colleague’s id', to, 'As their token names them.'), list],
    act: async () => {
      const toAgentId = to.value.trim();
      const {session} = await post(controlPath('transfer'), {
        phoneNumber: conversation.phoneNumber, toAgentId,
        agentName: colleagues.get(toAgentId) ?? toAgentId,
      });
      conversation.hold(session);
      desk.refresh();
      toast(`Transferred to ${session.agentName}.`);
    },
  });
}

export async function markAnswered(desk, conversation, messageIds) {
  const number = encodeURIComponent(conversation.phoneNumber);
  await post(controlPath(`queue/${number}/process`), {messageIds});
  await conversation.readQueue();
  desk.refresh();
}

export function placeCall(desk, conversation) {
  const reason = make('input', {maxlength: 500, dir: 'auto'});
  const message = make('textarea', {rows: 3, maxlength: 2000, dir: 'auto'});
  const priority = choice({medium: 'Normal', low: 'Low', high: 'High', urgent: 'Urgent'});
  const when = make('input', {type: 'datetime-local'});
  const key = crypto.randomUUID();
  return openDialog({
    title: `Call ${desk.customerName(conversation)}`, button: 'Call',
    fields: [labelled('Reason', reason, 'The AI speaks; it is told why it calls.'),
             labelled('What to say', message),
             make('div', {class: 'pair'}, labelled('Priority', priority),
                  labelled('Later, at', when, 'Empty: now.'))],
    act: async () => {
      const placed = await insist('/api/conversations/outbound-call', {
        phoneNumber: conversation.phoneNumber, priority: priority.value,
        ...(reason.value.trim() && {callReason: reason.value.trim()}),
        ...(message.value.trim() && {customMessage: message.value.trim()}),
        ...(when.value && {scheduledTime: new Date(when.value).toISOString()}),
      }, key);
      toast(placed.status === 'scheduled' ? 'The call is planned.' : 'Calling…');
      conversation.soon();
    },
  });
}
