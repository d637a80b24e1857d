// All that a front end needs of the gateway, without a library.
'use strict';

const given = new URLSearchParams(location.hash.slice(1));
const gateway = given.get('gateway') ?? '';  // empty: the page's own address
const token = given.get('token');
const organizationId = given.get('organization');
const leadId = given.get('lead') ?? 'unknown';
const phoneNumber = given.get('phone');
const agentName = given.get('agent') ?? 'Sarah';
const part = (id) => document.getElementById(id);
history.replaceState(null, '', location.pathname);  // the token does not stay in the address

async function post(path, body) {
  const answer = await fetch(gateway + path, {
    method: 'POST',
    headers: {'Content-Type': 'application/json', Authorization: `Bearer ${token}`},
    body: JSON.stringify(body),
  });
  const told = await answer.json();
  part('problem').textContent = told.success ? '' : told.error;
  return told;
}

/** A message is shown once: history and stream may both tell of it. */
function show(message) {
  const known = document.querySelector(`[data-id="${CSS.escape(message.id)}"]`);
  const line = known ?? part('messages').appendChild(document.createElement('li'));
  line.dataset.id = message.id;
  line.className = message.sentBy;
  line.textContent = message.content;  // what strangers wrote stays text
}

function holder(session) {
  part('holder').textContent = session ? session.agentName : 'the AI';
  part('leave').disabled = part('send').disabled = !session;
  part('join').disabled = Boolean(session);
}

function hear(event) {
  switch (event.type) {
    case 'conversation_history':
      part('messages').replaceChildren();
      event.messages.forEach(show);
      return holder(event.humanControl);
    case 'sms_received':
    case 'ai_message_sent':
    case 'human_message_sent': return show(event.conversationMessage);
    case 'human_control_started':
    case 'human_control_transferred': return holder(event.session);
    case 'human_control_ended':
    case 'human_control_timeout': return holder(null);
  }
}

// EventSource comes back by itself, with the id of the last event: nothing is missed.
const query = new URLSearchParams({phoneNumber, load: 'true', organizationId, token});
const stream = new EventSource(
    `${gateway}/api/stream/conversation/${encodeURIComponent(leadId)}?${query}`);
stream.onopen = () => { part('state').textContent = 'open'; };
stream.onerror = () => { part('state').textContent = 'waiting'; };
stream.onmessage = (message) => hear(JSON.parse(message.data));

part('who').textContent = phoneNumber;
part('join').onclick = () => post('/api/human-control/join', {phoneNumber, leadId, agentName});
part('leave').onclick = () => post('/api/human-control/leave', {phoneNumber, leadId});
part('say').onsubmit = async (event) => {
  event.preventDefault();
  const message = part('text').value;
  const told = await post('/api/human-control/send-message', {phoneNumber, leadId, message});
  if (told.success) part('text').value = '';
};
