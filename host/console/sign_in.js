// Who is at the page. The token stays in this tab: in sessionStorage, until it is closed.

import {get, useToken} from './ask.js';
import {labelled, openDialog} from './ask_in_dialog.js';
import {phone} from './format.js';
import {fact, find, make} from './make.js';

const tokenKey = 'tandem.token';

// From a link (#token=…): taken, and gone from the address bar and the history at once.
export function takeLink() {
  const given = new URLSearchParams(location.hash.slice(1));
  const token = given.get('token');
  if (!token) return '';
  given.delete('token');
  const rest = given.toString();
  history.replaceState(null, '', location.pathname + location.search + (rest ? `#${rest}` : ''));
  return token;
}

export const keptToken = () => sessionStorage.getItem(tokenKey) ?? '';

export function forgetToken() {
  sessionStorage.removeItem(tokenKey);
  useToken('');
}

// Who it is; throws a Refusal.
export async function enter(token, onRefused) {
  useToken(token, onRefused);
  const me = await get('/api/me');
  sessionStorage.setItem(tokenKey, token);
  return {...me, name: me.name || me.email || me.subject};
}

const same = (one, other) =>
  ['subject', 'organizationId', 'permissions'].every((name) => `${one[name]}` === `${other[name]}`);

// The credential was over: with another one the page goes on where it is.
export function signInAgain(desk) {
  const token = make('input', {type: 'password', required: true, autocomplete: 'off',
                               spellcheck: 'false', id: 'token-again'});
  return openDialog({
    title: 'Sign in again', button: 'Sign in', fields: [labelled('Token', token)],
    act: async () => {
      const me = await enter(token.value.trim());
      if (!same(me, desk.me)) return location.reload();
      find('banner').hidden = true;
      desk.line.start();
      desk.conversation?.soon();
    },
  });
}

export function showMe({me}) {
  return openDialog({
    title: me.name,
    fields: [
      make('dl', {class: 'facts'},
           fact('Organisation', me.organizationName), fact('Signed in as', me.subject),
           fact('Numbers', me.numbers.map(phone).join(', ') || 'none'),
           fact('May', me.permissions.join(', ')),
           fact('Until', me.expiresAt ? new Date(me.expiresAt).toLocaleString() : 'revoked')),
      make('button', {type: 'button', id: 'sign-out', click: () => {
        // Drafts and numbers of customers go too, not the token alone.
        sessionStorage.clear();
        history.replaceState(null, '', location.pathname);
        location.reload();
      }}, 'Sign out'),
    ],
  });
}
