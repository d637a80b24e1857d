// The keyboard: one letter a verb, where nobody is writing.

import {openDialog} from './ask_in_dialog.js';
import {make} from './make.js';

const offKey = 'tandem.keys-off';

const keys = [
  ['Conversations', [
    ['J', 'next conversation', 'next'], ['K', 'the one before', 'previous'],
    ['/', 'search', 'search'], ['1', 'all', 'all'], ['2', 'those that need a human', 'needs'],
    ['3', 'mine', 'mine'], ['N', 'new conversation', 'new'], ['Esc', 'leave the field, close', ''],
  ]],
  ['This conversation', [
    ['R', 'write an answer', 'write'], ['T', 'take over', 'join'],
    ['Shift+T', 'take over with a reason', 'join with reason'],
    ['H', 'hand back', 'leave'], ['Shift+H', 'hand back with a summary', 'leave with summary'],
    ['G', 'transfer to a colleague', 'transfer'], ['C', 'call', 'call'], ['End', 'newest line', ''],
  ]],
  ['Panels', [
    ['I', 'the customer', 'lead'], ['S', 'the sandbox', 'sandbox'], ['D', 'the stream', 'stream'],
    ['?', 'these keys', 'help'],
  ]],
];
const verbs = new Map(keys.flatMap(([, rows]) => rows).filter(([, , verb]) => verb)
    .map(([key, , verb]) => [key, verb]));

const writes = (element) =>
  element?.matches?.('input, textarea, select, [contenteditable]') &&
  !element.matches('[type=checkbox], [type=radio]');

// Whoever writes or is asked something is not disturbed.
export const busy = () =>
  writes(document.activeElement) || Boolean(document.querySelector('dialog[open]'));

export function listenToKeys(act) {
  addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !document.querySelector('dialog[open]')) return act('escape');
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
    if (busy() || localStorage.getItem(offKey)) return;
    const letter = event.key.length === 1 ? event.key.toUpperCase() : event.key;
    const shifted = event.shiftKey && /^[A-Z]$/.test(letter) ? `Shift+${letter}` : letter;
    const verb = verbs.get(shifted);
    if (!verb) return;
    event.preventDefault();
    act(verb);
  });
}

export function showKeys() {
  const on = make('input', {type: 'checkbox'});
  on.checked = !localStorage.getItem(offKey);
  on.addEventListener('change', () => {
    if (on.checked) localStorage.removeItem(offKey);
    else localStorage.setItem(offKey, 'off');
  });
  return openDialog({
    title: 'Keyboard',
    fields: [make('div', {class: 'keys'}, keys.map(([title, rows]) =>
      make('section', {}, make('h3', {}, title),
           make('dl', {}, rows.map(([key, what]) =>
             make('div', {}, make('dt', {}, make('kbd', {}, key)), make('dd', {}, what))))))),
             make('label', {class: 'choice'}, on, 'Single keys do something')],
  });
}
