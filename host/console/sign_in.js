// Who is at the page. The token stays in this tab: in sessionStorage, until it is closed.

import {get, useToken} from './ask.js';

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

// Signing out: drafts and numbers of customers go too, not the token alone.
export function leave() {
  sessionStorage.clear();
  useToken('');
}

// Who it is; throws a Refusal.
export async function enter(token, onRefused) {
  useToken(token, onRefused);
  const me = await get('/api/me');
  sessionStorage.setItem(tokenKey, token);
  return {...me, name: me.name || me.email || me.subject};
}
