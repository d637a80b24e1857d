// Requests of the API. The token goes into a header, and nowhere else.

const answerMilliseconds = 20_000;
const tries = 5;
const mostWaitSeconds = 8;

let token = '';
let refused = () => {};  // told when the credential is no longer taken

export function useToken(given, onRefused = refused) {
  token = given;
  refused = onRefused;
}

export const bearer = () => `Bearer ${token}`;

export class Refusal extends Error {
  constructor(status, problem) {
    super(problem.detail || `The gateway answered ${status}.`);
    this.status = status;  // 0: no answer came
    this.code = problem.code ?? '';
    this.retryAfter = 0;
  }
}

// The whole envelope: {data, pagination}.
export async function ask(method, path, {query, body, key, signal} = {}) {
  const asked = new URLSearchParams(Object.entries(query ?? {}).filter(([, value]) =>
    value !== undefined && value !== null && value !== ''));
  const headers = {Authorization: bearer()};
  if (body) headers['Content-Type'] = 'application/json';
  if (key) headers['Idempotency-Key'] = key;
  const limit = AbortSignal.timeout(answerMilliseconds);
  let answer, read;
  try {
    answer = await fetch(asked.size ? `${path}?${asked}` : path, {
      method, headers, body: body && JSON.stringify(body), cache: 'no-store',
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    read = await answer.json().catch((failure) => {
      if (failure instanceof SyntaxError) return {};
      throw failure;
    });
  } catch (failure) {
    if (signal?.aborted) throw failure;
    throw new Refusal(0, {detail: 'The gateway does not answer.'});
  }
  if (answer.ok) return read;
  const refusal = new Refusal(answer.status, read);
  refusal.retryAfter = Number(answer.headers.get('Retry-After')) || 0;
  if (answer.status === 401) refused(refusal);
  throw refusal;
}

export const get = async (path, query) => (await ask('GET', path, {query})).data;
export const post = async (path, body) => (await ask('POST', path, {body})).data;

export const passing = (refusal) => refusal instanceof Refusal &&
  (refusal.status === 0 || refusal.status === 503 || refusal.status === 429 ||
   refusal.code === 'IDEMPOTENCY_IN_PROGRESS');

// What sends or calls: the key makes a repetition harmless, so that it may be tried again.
export async function insist(path, body, key) {
  for (let attempt = 1; ; ++attempt) {
    try {
      return (await ask('POST', path, {body, key})).data;
    } catch (refusal) {
      if (!passing(refusal) || attempt === tries) throw refusal;
      const seconds = Math.min(mostWaitSeconds, refusal.retryAfter || 2 ** (attempt - 1) / 2);
      await new Promise((next) => setTimeout(next, seconds * (750 + Math.random() * 500)));
    }
  }
}

export const conversationPath = (phoneNumber) =>
  `/api/conversations/${encodeURIComponent(phoneNumber)}`;
export const controlPath = (verb) => `/api/conversations/human-control/${verb}`;
