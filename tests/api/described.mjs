// The API as its descriptions say it, and a client that believes no answer that they do not
// allow.

import assert from 'node:assert/strict';
import {once} from 'node:events';
import {request} from 'node:http';
import addFormats from 'ajv-formats';
import Ajv2020 from 'ajv/dist/2020.js';

import {patience} from '../browser/until.mjs';

/** No member that is not described: a field that somebody added and did not describe fails. */
function closed(schema, part = false) {
  if (Array.isArray(schema)) return schema.map((one) => closed(one));
  if (schema === null || typeof schema !== 'object') return schema;
  const made = {};
  for (const [name, value] of Object.entries(schema)) {
    if (name === 'properties')
      made[name] = Object.fromEntries(
          Object.entries(value).map(([member, one]) => [member, closed(one)]));
    else
      made[name] = name === 'allOf' ? value.map((one) => closed(one, true)) : closed(value);
  }
  const open = made.additionalProperties !== undefined || part;
  if ((made.properties || made.allOf) && !open) made.unevaluatedProperties = false;
  return made;
}

/** `closed`, but what is put together by allOf stays open and its whole is closed instead. */
function closedComponents(document) {
  const parts = new Set();
  JSON.stringify(document, (name, value) => {
    if (name === 'allOf')
      for (const one of value) if (one.$ref) parts.add(one.$ref.split('/').pop());
    return value;
  });
  const schemas = {};
  for (const [name, schema] of Object.entries(document.components.schemas))
    schemas[name] = closed(schema, parts.has(name));
  return {schemas};
}

class Validator {
  constructor(document) {
    this.ajv = new Ajv2020({strict: false, allErrors: true});
    addFormats(this.ajv);
    this.ajv.addSchema({$id: 'api:/', components: closedComponents(document)});
    this.compiled = new Map();
  }

  check(schema, value, what) {
    const key = JSON.stringify(schema);
    if (!this.compiled.has(key)) {
      const rooted = JSON.parse(key, (name, one) =>
        name === '$ref' && typeof one === 'string' ? one.replace(/^#/, 'api:/#') : one);
      this.compiled.set(key, this.ajv.compile(closed(rooted)));
    }
    const valid = this.compiled.get(key);
    assert.ok(valid(value), `${what}: ${this.ajv.errorsText(valid.errors)}\n` +
                            JSON.stringify(value, null, 1));
  }
}

export class Api {
  constructor(url, openapi, asyncapi) {
    this.url = url;
    this.openapi = openapi;
    this.asyncapi = asyncapi;
    this.bodies = new Validator(openapi);
    this.events = new Validator(asyncapi);
    this.operations = [];
    for (const [path, methods] of Object.entries(openapi.paths))
      for (const [method, operation] of Object.entries(methods))
        this.operations.push({path, method: method.toUpperCase(), ...operation});
    this.seen = new Map();  // operation id to the answers that were given: "404 NOT_FOUND"
  }

  static async of(url) {
    const [openapi, asyncapi] = await Promise.all(['openapi', 'asyncapi'].map(
        async (name) => (await fetch(`${url}/api/${name}.json`)).json()));
    return new Api(url, openapi, asyncapi);
  }

  operation(id) {
    const found = this.operations.find((one) => one.operationId === id);
    assert.ok(found, `an operation ${id}`);
    return found;
  }

  schema(reference) {
    return this.openapi.components.schemas[reference.$ref.split('/').pop()];
  }

  /**
   * Asks, and holds the answer against its description. `path` has values for the path's
   * parameters, `query` for the query; `json` is the body, or `text` as it is.
   */
  async ask(id, {token, path = {}, query = {}, json, text, type = 'application/json',
                 headers = {}} = {}) {
    const operation = this.operation(id);
    const place = operation.path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(path[name]));
    const search = new URLSearchParams(query).toString();
    const body = text ?? (json === undefined ? undefined : JSON.stringify(json));
    const answer = await fetch(this.url + place + (search ? `?${search}` : ''), {
      method: operation.method,
      headers: {...(token ? {authorization: `Bearer ${token}`} : {}),
                ...(body === undefined ? {} : {'content-type': type}), ...headers},
      body,
      signal: AbortSignal.timeout(patience),  // a stream that opened by mistake has no end
    });
    const got = {status: answer.status, headers: answer.headers, text: await answer.text()};
    got.type = (answer.headers.get('content-type') ?? '').split(';')[0];
    if (/^application\/(problem\+)?json$/.test(got.type)) got.body = JSON.parse(got.text);
    this.believe(operation, got, `${operation.method} ${place}`);
    return got;
  }

  /** Announces a body of so many bytes and sends none of it: the answer must not wait for it. */
  async announce(id, {token, path = {}, bytes}) {
    const operation = this.operation(id);
    const place = operation.path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(path[name]));
    const asked = request(this.url + place, {
      method: operation.method, signal: AbortSignal.timeout(patience),
      headers: {'authorization': `Bearer ${token}`, 'content-type': 'application/json',
                'content-length': bytes},
    });
    asked.flushHeaders();
    const [answer] = await once(asked, 'response');
    const got = {status: answer.statusCode, headers: new Headers(answer.headers), text: ''};
    for await (const chunk of answer.setEncoding('utf8')) got.text += chunk;
    asked.on('error', () => {}).destroy();
    got.type = got.headers.get('content-type').split(';')[0];
    got.body = JSON.parse(got.text);
    this.believe(operation, got, `${operation.method} ${place}`);
    return got;
  }

  believe(operation, got, what) {
    const described = operation.responses[got.status];
    assert.ok(described, `${what}: ${got.status} is not described: ${got.text}`);
    assert.match(got.headers.get('x-request-id'), /^[A-Za-z0-9._-]{1,128}$/, what);
    const code = got.body?.code;
    if (!this.seen.has(operation.operationId)) this.seen.set(operation.operationId, new Set());
    this.seen.get(operation.operationId).add(code ? `${got.status} ${code}` : `${got.status}`);
    const content = described.content ?? {};
    if (got.text === '' && !Object.keys(content).length) return;
    const one = content[got.type] ?? content['*/*'];
    assert.ok(one, `${what}: ${got.type} is not described for ${got.status}`);
    if (got.body !== undefined && one.schema) this.bodies.check(one.schema, got.body, what);
    if (got.type !== 'application/problem+json') return;
    assert.equal(got.body.error, got.body.detail, what);
    assert.equal(got.body.status, got.status, what);
    assert.equal(got.body.requestId, got.headers.get('x-request-id'), what);
  }

  /** An event of a stream, as asyncapi.json describes its type. */
  believeEvent(event) {
    const message = this.asyncapi.components.messages[event.type];
    assert.ok(message, `the event ${event.type} is not described`);
    this.events.check(message.payload, event, `event ${event.type}`);
  }
}

/** The events of a stream, as they come, until it is closed. */
export class Stream {
  static async open(api, path, token) {
    const stream = new Stream();
    stream.stop = new AbortController();
    stream.events = [];
    const answer = await fetch(api.url + path, {headers: {authorization: `Bearer ${token}`},
                                                signal: stream.stop.signal});
    assert.equal(answer.status, 200);
    stream.done = stream.read(api, answer.body).catch((failure) => {
      if (failure.name !== 'AbortError') stream.failure = failure;
    });
    return stream;
  }

  async read(api, body) {
    let rest = '';
    for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
      const blocks = (rest + chunk).split('\n\n');
      rest = blocks.pop();
      for (const block of blocks) {
        const data = block.split('\n').filter((line) => line.startsWith('data: '));
        if (!data.length) continue;
        const event = JSON.parse(data.map((line) => line.slice(6)).join('\n'));
        api.believeEvent(event);
        this.events.push(event);
      }
    }
  }

  types() {
    return new Set(this.events.map((event) => event.type));
  }

  async close() {
    this.stop.abort();
    await this.done;
    if (this.failure) throw this.failure;
  }
}
