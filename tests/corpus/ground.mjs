// What cases are written with: tokens, requests as raw bytes, and an honest caller.

export async function makeGround(house) {
  const tokens = {
    demo: await house.token(),
    other: await house.token({org: 'other'}),
    reader: await house.token({sub: 'reader', permissions: 'conversations:read'}),
  };
  return {
    house,
    tokens,
    request: (method, path, given) => request(tokens, method, path, given),
    ask: (method, path, given) => ask(house, tokens, method, path, given),
  };
}

/** A well-formed request in bytes; `as` is whose token it bears. */
function request(tokens, method, path, {as, headers = {}, body = ''} = {}) {
  const content = Buffer.isBuffer(body) ? body : Buffer.from(body);
  const fields = {Host: 'x', ...headers};
  if (as) fields.Authorization = `Bearer ${tokens[as]}`;
  if (content.length > 0 || !['GET', 'HEAD'].includes(method))
    fields['Content-Length'] ??= content.length;
  const head = [`${method} ${path} HTTP/1.1`,
                ...Object.entries(fields).map(([name, value]) => `${name}: ${value}`), '', ''];
  return Buffer.concat([Buffer.from(head.join('\r\n'), 'latin1'), content]);
}

/** The body of an honest request that must succeed. */
async function ask(house, tokens, method, path, {json, as = 'demo'} = {}) {
  const answer = await fetch(house.url + path, {
    method,
    headers: {authorization: `Bearer ${tokens[as]}`,
              ...(json ? {'content-type': 'application/json'} : {})},
    ...(json ? {body: JSON.stringify(json)} : {}),
  });
  const body = await answer.json();
  if (!answer.ok) throw new Error(`${method} ${path}: ${JSON.stringify(body)}`);
  return body;
}
