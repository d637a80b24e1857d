// The stream inspector: its forms and figures. line.js keeps the stream, rows.js shows events.

import {Line, post} from './line.js';
import {add} from './rows.js';

const $ = (id) => document.getElementById(id);

const quietSeconds = 30;  // a heartbeat is due well before

const line = new Line({
  state(state, text) {
    $('state').dataset.state = state;
    $('state').textContent = text;
    const live = state === 'open' || state === 'waiting';
    $('cut').disabled = !live;
    $('resume').disabled = live || !line.wanted;
    figures();
  },
  event(event, id) {
    add($('events'), event, id);
    $('empty').hidden = true;
    figures();
  },
});

function figures() {
  $('count').textContent = String(line.heard);
  $('position').textContent = line.lastId || 'none';
  for (const name of ['gaps', 'doubles']) {
    $(name).textContent = String(line[name]);
    $(name).classList.toggle('bad', line[name] > 0);
  }
  const age = line.age();
  $('age').textContent = age === null ? 'no line' : `${age} s ago`;
  $('age').classList.toggle('stale', age > quietSeconds);
}

function scope() {
  return document.querySelector('input[name=scope]:checked').value;
}

function read() {
  const token = $('token').value.trim();
  if (scope() === 'organization')
    return {token, organization: true, types: $('types').value.replace(/\s/g, '')};
  return {
    token,
    leadId: $('lead').value.trim(),
    phoneNumber: $('phone').value.trim(),
    load: $('load').checked,
  };
}

function clear() {
  $('events').replaceChildren();
  $('empty').hidden = false;
  line.restart();
  figures();
}

function showScope() {
  const organization = scope() === 'organization';
  $('for-lead').hidden = organization;
  $('for-organization').hidden = !organization;
}

// #token=… from a link: taken, and gone from the address bar and the history at once.
function takeLink() {
  if (!location.hash) return;
  const given = new URLSearchParams(location.hash.slice(1));
  history.replaceState(null, '', location.pathname + location.search);
  for (const name of ['token', 'lead', 'phone'])
    if (given.has(name)) $(name).value = given.get(name);
  if (given.has('lead') || given.has('phone'))
    document.querySelector('input[name=scope][value=lead]').checked = true;
  showScope();
}

$('connect').addEventListener('submit', (event) => {
  event.preventDefault();
  const wanted = read();
  if (!wanted.organization && !wanted.leadId && !wanted.phoneNumber) {
    line.close();
    line.wanted = null;
    line.screen.state('failed', 'a lead or a phone number is needed');
    $('lead').focus();
    return;
  }
  clear();
  line.start(wanted, $('last-id').value.trim());
});

// The button that was pressed is disabled by what it does; the keyboard goes to its counterpart.
$('cut').addEventListener('click', () => {
  line.cut();
  $('resume').focus();
});

$('resume').addEventListener('click', () => {
  line.wanted.token = $('token').value.trim();
  line.resume();
  $('cut').focus();
});

$('clear').addEventListener('click', clear);

for (const choice of document.querySelectorAll('input[name=scope]'))
  choice.addEventListener('change', showScope);

$('write').addEventListener('submit', async (event) => {
  event.preventDefault();
  const note = $('written');
  note.classList.remove('bad');
  note.textContent = 'Sending…';
  const message = {from: $('from').value.trim(), text: $('text').value};
  const to = $('to').value.trim();
  if (to) message.to = to;
  $('text').value = '';  // at once: the next one may be typed while this one is on its way
  $('text').focus();
  try {
    await post($('token').value.trim(), '/api/sandbox/messages', message);
    note.textContent = 'Sent.';
  } catch (failure) {
    if (!$('text').value) $('text').value = message.text;
    note.classList.add('bad');
    note.textContent = failure.status === 404 ? 'No sandbox is configured.' : failure.message;
  }
});

$('text').addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) $('write').requestSubmit();
});

setInterval(() => {
  line.look();
  figures();
}, 1000);

addEventListener('hashchange', takeLink);
showScope();
takeLink();
