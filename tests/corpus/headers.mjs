// What browsers are told with every answer, good or bad. No numbers: these are promises of
// SECURITY.md, not bad input.

const desk = 'https://desk.example.com';  // the one origin on the list

const everywhere = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'access-control-allow-credentials': null,
  server: null,
};
const api = {
  ...everywhere,
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; sandbox",
  vary: 'Origin',
};
const page = {
  ...everywhere,
  'cache-control': 'no-cache',
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
    "img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; " +
    "object-src 'none'",
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
};
const stream = {...api, 'cache-control': 'no-cache, no-transform'};
const known = {'access-control-allow-origin': desk};
const unknown = {'access-control-allow-origin': null};

export function headers({request}) {
  const has = (name, status, wanted, send, more = {}) =>
    ({name: `headers: ${name}`, answers: [status], headers: wanted, send, ...more});
  const from = (origin, given = {}) =>
    request('GET', '/api/leads', {as: 'demo', headers: {Origin: origin}, ...given});
  const preflight = (origin) => request('OPTIONS', '/api/leads', {
    headers: {Origin: origin, 'Access-Control-Request-Method': 'POST',
              'Access-Control-Request-Headers': 'authorization, content-type'}});
  const follow = (origin) => request('GET', '/api/stream/organization', {
    as: 'demo', headers: {Origin: origin}});

  return [
    has('the console', 200, page, request('GET', '/')),
    has('its scripts', 200, {...page, 'content-type': 'text/javascript; charset=utf-8'},
        request('GET', '/console.js')),
    has('data', 200, {...api, 'content-type': 'application/json; charset=utf-8'},
        request('GET', '/api/leads', {as: 'demo'})),
    has('a failure', 401, {...api, 'content-type': 'application/problem+json'},
        request('GET', '/api/leads')),
    has('nothing there', 404, api, request('GET', '/nothing')),
    has('health', 200, api, request('GET', '/livez')),
    has('metrics', 200, api, request('GET', '/metrics')),
    has('a webhook', 403, api, request('POST', '/api/webhooks/twilio/sms/incoming', {body: 'a=b',
        headers: {'Content-Type': 'application/x-www-form-urlencoded'}})),
    has('broken HTTP', 400, api, 'GET /livez HTTP/1.1\r\nHost: x\r\nbanana\r\n\r\n',
        {closes: true}),
    has('a stream', 200, stream, follow(desk)),
    has('a stream that is refused', 406, api, request('GET', '/api/stream/organization', {
      as: 'demo', headers: {Accept: 'image/png'}})),
    has('no promise of TLS on plain HTTP', 200, {'strict-transport-security': null},
        request('GET', '/livez', {headers: {'X-Forwarded-Proto': 'https'}})),

    has('a known origin', 200, {...api, ...known}, from(desk)),
    has('a known origin, refused', 401, {...api, ...known},
        request('GET', '/api/leads', {headers: {Origin: desk}})),
    has('a known origin, a stream', 200, {...stream, ...known}, follow(desk)),
    ...['null', 'https://evil.example.com', `${desk}.evil.example.com`, `${desk}:8443`,
        'http://desk.example.com', 'HTTPS://DESK.EXAMPLE.COM', '*', ''].map((origin) =>
      has(`the origin '${origin}'`, 200, {...api, ...unknown}, from(origin))),
    has('an unknown origin, a stream', 200, {...stream, ...unknown},
        follow('https://evil.example.com')),
    has('two origins', 200, {...api, ...unknown},
        'GET /livez HTTP/1.1\r\nHost: x\r\nOrigin: https://desk.example.com\r\n' +
        'Origin: https://evil.example.com\r\n\r\n'),
    has('a preflight', 204, {
      ...everywhere, ...known, vary: 'Origin',
      'access-control-max-age': '600',
      'access-control-allow-methods': 'GET, HEAD, OPTIONS, POST',
      'access-control-allow-headers': 'Authorization, Content-Type, Idempotency-Key, ' +
                                      'Last-Event-ID, X-Request-Id, organizationId',
    }, preflight(desk)),
    has('a preflight of nobody', 204, {
      ...everywhere, ...unknown, 'access-control-allow-methods': null,
      'access-control-allow-headers': null, 'access-control-max-age': null,
    }, preflight('https://evil.example.com')),
    has('a preflight of null', 204, {...everywhere, ...unknown}, preflight('null')),
    has('a body that a page may send without asking', 415, api, request('POST', '/api/leads', {
      as: 'demo', body: '{"phoneNumber":"+14155559001"}', headers: {'Content-Type': 'text/plain'}})),
  ];
}
