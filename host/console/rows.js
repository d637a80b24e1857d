// The events on screen, newest first. What comes from outside is shown through textContent:
// what a customer writes is text here and nothing else.

const shownAtMost = 500;
const gistCharacters = 400;  // more than a line can show
const alarms = new Set(['stream_reset', 'stream_end', 'needs_human', 'customer_opted_out',
                        'possible gap', 'unreadable']);
const tellingFields = ['message', 'status', 'reason', 'outcome', 'callType', 'agentName',
                       'keyword'];

function kind(type) {
  if (alarms.has(type)) return 'alarm';
  if (type.startsWith('human_')) return 'human';
  return type === 'connected' || type === 'conversation_history' ? 'stream' : 'event';
}

function gist(event) {
  const parts = tellingFields.map((name) => event[name]).filter(Boolean);
  if (Array.isArray(event.messages)) parts.unshift(`${event.messages.length} messages`);
  return parts.join(' · ').slice(0, gistCharacters);
}

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

function clock(timestamp) {
  const time = new Date(timestamp ?? NaN);
  const made = element('time', '--:--:--');
  if (Number.isNaN(time.getTime())) return made;
  made.textContent = time.toLocaleTimeString('en-GB');
  made.dateTime = made.title = time.toISOString();
  return made;
}

function row(event, id) {
  const item = element('li');
  item.dataset.kind = kind(event.type);
  const details = element('details');
  const summary = element('summary');
  const text = element('span', gist(event), 'gist');
  text.dir = 'auto';
  // The epoch is the same in all of them; the whole id is shown with the event.
  const place = element('code', id && `#${id.slice(id.lastIndexOf('-') + 1)}`);
  place.title = id;
  summary.append(clock(event.timestamp), element('strong', event.type),
                 element('span', event.phoneNumber ?? '', 'phone'), text, place);
  details.append(summary);
  // The whole of it only when someone looks: a history may be long.
  details.addEventListener('toggle', () => {
    if (!details.open || details.querySelector('pre')) return;
    details.append(element('pre', (id && `id: ${id}\n`) + JSON.stringify(event, null, 2)));
  });
  item.append(details);
  return item;
}

export function add(list, event, id) {
  list.prepend(row(event, id));
  while (list.childElementCount > shownAtMost) list.lastElementChild.remove();
}
