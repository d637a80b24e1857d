'use strict';

// The stream inspector. Everything that comes from outside is shown through textContent:
// what a customer writes is text here and nothing else.

const $ = (id) => document.getElementById(id);

const shownAtMost = 500;
const quietSeconds = 30;   // a heartbeat is due well before
const deadSeconds = 60;    // then the line is taken for dead
const finalReasons = new Set(['token_expired', 'access_revoked', 'replaced']);
const alarms = new Set(['stream_reset', 'stream_end', 'needs_human', 'customer_opted_out']);

let source = null;         // the EventSource, while there is one
let wanted = null;         // what to watch: {organization} or {leadId, phoneNumber}, and more
let attempt = 0;           // of coming back, since the last event
let retryTimer = 0;
let lastId = '';
let lastHeard = 0;
let heard = 0;
let gaps = 0;
let doubles = 0;

function show(state, text) {
  $('state').dataset.state = state;
  $('state').textContent = text;
  const live = state === 'open' || state === 'waiting';
  $('cut').disabled = !live;
  $('resume').disabled = live || !wanted;
}

function number(id, value) {
  $(id).textContent = String(value);
  $(id).classList.toggle('bad', value > 0);
}

// A place in the journal: an epoch, and a number that grows by one with each event of the
// organisation.
function place(id) {
  const dash = id.indexOf('-');
  if (dash < 1) return null;
  return {epoch: id.slice(0, dash), offset: Number(id.slice(dash + 1))};
}

function check(id) {
  const now = place(id);
  const before = place(lastId);
  if (!now || !before || now.epoch !== before.epoch) return;
  if (now.offset <= before.offset) number('doubles', ++doubles);
  // Of one conversation, or of some types, the numbers in between are others' events.
  const dense = wanted.organization && !wanted.types;
  if (dense && now.offset > before.offset + 1) number('gaps', ++gaps);
}

function kind(type) {
  if (alarms.has(type)) return 'alarm';
  if (type.startsWith('human_')) return 'human';
  return type === 'connected' || type === 'conversation_history' ? 'stream' : 'event';
}

function gist(event) {
  const parts = [event.phoneNumber];
  if (event.type === 'conversation_history') parts.push(`${event.messages.length} messages`);
  for (const name of ['message', 'status', 'reason', 'outcome', 'callType', 'agentName', 'keyword'])
    if (event[name]) parts.push(event[name]);
  return parts.filter(Boolean).join(' · ');
}

function element(name, text) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  return made;
}

function add(event, id) {
  const item = element('li');
  item.dataset.kind = kind(event.type);
  const details = element('details');
  const summary = element('summary');
  const time = element('time', (event.timestamp || '').slice(11, 19) || '--:--:--');
  time.dateTime = event.timestamp || '';
  summary.append(time, element('strong', event.type), element('span', gist(event)),
                 element('code', id));
  details.append(summary);
  // The whole of it only when someone looks: a history may be long.
  details.addEventListener('toggle', () => {
    if (details.open && !details.querySelector('pre'))
      details.append(element('pre', JSON.stringify(event, null, 2)));
  });
  item.append(details);
  $('events').prepend(item);
  while ($('events').childElementCount > shownAtMost) $('events').lastElementChild.remove();
  $('empty').hidden = true;
}

function onMessage(message) {
  lastHeard = Date.now();
  attempt = 0;
  let event;
  try {
    event = JSON.parse(message.data);
  } catch {
    event = {type: 'unreadable', reason: message.data};
  }
  const fresh = message.lastEventId && message.lastEventId !== lastId;
  const live = event.type !== 'conversation_history' && event.type !== 'stream_reset' &&
               event.type !== 'connected' && event.type !== 'stream_end';
  if (live && message.lastEventId) check(message.lastEventId);
  if (fresh) {
    lastId = message.lastEventId;
    $('position').textContent = lastId;
  }
  $('count').textContent = String(++heard);
  add(event, live || fresh ? message.lastEventId : '');
  if (event.type === 'connected') show('open', 'connected');
  if (event.type === 'stream_end' && finalReasons.has(event.reason)) {
    close();
    show('failed', `ended: ${event.reason}`);
  }
}

function close() {
  clearTimeout(retryTimer);
  if (source) source.close();
  source = null;
}

async function ask(path, body) {
  const answer = await fetch(path, {
    method: 'POST',
    headers: {'Authorization': `Bearer ${$('token').value.trim()}`,
              'Content-Type': 'application/json'},
    body: JSON.stringify(body),
  });
  const json = await answer.json().catch(() => ({}));
  if (answer.ok) return json.data;
  const failure = new Error(json.detail || `${answer.status} ${answer.statusText}`);
  failure.status = answer.status;
  throw failure;
}

function address(ticket) {
  const query = new URLSearchParams({ticket});
  let path = '/api/stream/organization';
  if (!wanted.organization) {
    path = `/api/stream/conversation/${encodeURIComponent(wanted.leadId || 'unknown')}`;
    if (wanted.phoneNumber) query.set('phoneNumber', wanted.phoneNumber);
    if (wanted.load) query.set('load', 'true');
  }
  if (wanted.types) query.set('types', wanted.types);
  if (lastId) query.set('lastEventId', lastId);
  return `${path}?${query}`;
}

// The token goes in a header, for a ticket; only the ticket, which opens one stream once,
// ever stands in an address.
async function open() {
  close();
  show('waiting', 'asking for a ticket');
  const asked = wanted;
  try {
    const order = {};
    if (asked.organization) order.organization = true;
    if (asked.leadId) order.leadId = asked.leadId;
    if (asked.phoneNumber) order.phoneNumber = asked.phoneNumber;
    const {ticket} = await ask('/api/stream/tickets', order);
    if (asked !== wanted) return;
    source = new EventSource(address(ticket));
  } catch (failure) {
    if (asked !== wanted) return;
    const final = failure.status && failure.status < 500 && failure.status !== 429;
    if (final) show('failed', failure.message);
    else comeBack(failure.message);
    return;
  }
  lastHeard = Date.now();
  show('waiting', 'connecting');
  const own = source;
  own.onmessage = (message) => { if (own === source) onMessage(message); };
  own.addEventListener('heartbeat', () => { lastHeard = Date.now(); });
  own.onerror = () => {
    if (own !== source) return;
    // A lost line is opened again by the browser itself; one that was refused is not, and
    // gets a new ticket.
    if (own.readyState === EventSource.CONNECTING) show('waiting', 'line lost, coming back');
    else comeBack('line refused');
  };
}

function comeBack(why) {
  close();
  const wait = Math.min(30, 2 ** attempt++) * (0.5 + Math.random());
  show('waiting', `${why}; again in ${Math.ceil(wait)} s`);
  retryTimer = setTimeout(open, wait * 1000);
}

function read() {
  const organization = document.querySelector('input[name=scope]:checked').value === 'organization';
  if (organization) return {organization, types: $('types').value.replace(/\s/g, '')};
  return {
    organization,
    leadId: $('lead').value.trim(),
    phoneNumber: $('phone').value.trim(),
    load: $('load').checked,
  };
}

function clear() {
  $('events').replaceChildren();
  $('empty').hidden = false;
  heard = gaps = doubles = 0;
  $('count').textContent = '0';
  number('gaps', 0);
  number('doubles', 0);
}

$('connect').addEventListener('submit', (event) => {
  event.preventDefault();
  wanted = read();
  if (!wanted.organization && !wanted.leadId && !wanted.phoneNumber) {
    show('failed', 'a lead or a phone number is needed');
    $('lead').focus();
    return;
  }
  clear();
  lastId = $('last-id').value.trim();
  $('position').textContent = lastId || 'none';
  attempt = 0;
  open();
});

$('cut').addEventListener('click', () => {
  close();
  wanted = {...wanted};  // an answer that is still on its way opens nothing
  show('idle', 'cut');
});

$('resume').addEventListener('click', () => {
  attempt = 0;
  open();
});

$('clear').addEventListener('click', clear);

for (const choice of document.querySelectorAll('input[name=scope]')) {
  choice.addEventListener('change', () => {
    const organization = read().organization;
    $('for-lead').hidden = organization;
    $('for-organization').hidden = !organization;
  });
}

$('write').addEventListener('submit', async (event) => {
  event.preventDefault();
  const note = $('written');
  note.classList.remove('bad');
  note.textContent = 'Sending …';
  const message = {from: $('from').value.trim(), text: $('text').value};
  const to = $('to').value.trim();
  if (to) message.to = to;
  try {
    await ask('/api/sandbox/messages', message);
    note.textContent = 'Sent.';
    $('text').value = '';
    $('text').focus();
  } catch (failure) {
    note.classList.add('bad');
    note.textContent = failure.status === 404 ? 'No sandbox is configured.' : failure.message;
  }
});

setInterval(() => {
  const age = $('age');
  if (!source) {
    age.textContent = 'quiet';
    age.classList.remove('stale');
    return;
  }
  const seconds = Math.floor((Date.now() - lastHeard) / 1000);
  age.textContent = `${seconds} s ago`;
  age.classList.toggle('stale', seconds > quietSeconds);
  // A line can die without a sign; only silence shows it.
  if (seconds > deadSeconds && source.readyState === EventSource.OPEN) comeBack('line is silent');
}, 1000);

// #token=… from a link: taken, and gone from the address bar and the history at once.
const given = new URLSearchParams(location.hash.slice(1));
if (location.hash) history.replaceState(null, '', location.pathname + location.search);
if (given.has('token')) $('token').value = given.get('token');
if (given.has('lead')) {
  $('lead').value = given.get('lead');
  const choice = document.querySelector('input[name=scope][value=lead]');
  choice.checked = true;
  choice.dispatchEvent(new Event('change'));
}
