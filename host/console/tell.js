// Short news at the edge of the page, and what only screen readers hear.

import {find, icon, make} from './make.js';

const shownMilliseconds = 6000;

export function toast(text, kind = '', action = null) {
  const close = () => element.remove();
  const element = make('div', {class: `toast ${kind}`},
    make('span', {}, text),
    action && make('button', {type: 'button', click: () => { close(); action.act(); }},
                   action.text),
    make('button', {type: 'button', class: 'icon quiet', 'aria-label': 'Close', click: close},
         icon('close')));
  find('toasts').append(element);
  while (find('toasts').childElementCount > 3) find('toasts').firstChild.remove();
  setTimeout(close, kind === 'bad' ? 2 * shownMilliseconds : shownMilliseconds);
}

export const complain = (failure) => toast(failure.message, 'bad');

export function speak(text) {
  find('spoken').textContent = text;
}
