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
    this.types = new Set();  // of events that came
  }

  static async of(url) {
    const [openapi, asyncapi] = await Promise.all(['openapi', 'asyncapi'].map(
        async (name) => (await fetch(`${url}/api/${name}.json`)).json()));
    return new Api(url, openapi, asyncapi);
  }

  /** The same API at another gateway; what is seen there counts here. */
  at(url) {
    return Object.assign(Object.create(Api.prototype), this, {url});
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
    const place = this.place(operation, path, query);
    const body = text ?? (json === undefined ? undefined : JSON.stringify(json));
    const answer = await fetch(this.url + place, {
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

  place({path: pattern}, path = {}, query = {}) {
    const place = pattern.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(path[name]));
    const search = new URLSearchParams(query).toString();
    return place + (search ? `?${search}` : '');
  }

  /** Announces a body of so many bytes and sends none of it: the answer must not wait for it. */
  async announce(id, {token, path = {}, bytes}) {
    const operation = this.operation(id);
    const place = this.place(operation, path);
    const asked = request(this.url + place, {
      method: operation.method, signal: AbortSignal.timeout(patience),
      headers: {'authorization': `Bearer ${token}`, 'content-type': 'application/json',
                'content-length': bytes},
    });
    asked.flushHeaders();
    const got = await this.hear(asked, operation, place);
    asked.on('error', () => {}).destroy();
    return got;
  }

  /** Asks on a connection that was opened before. */
  async askOn(socket, id, {token, path, query, json, text, type = 'application/json',
                           headers = {}} = {}) {
    const operation = this.operation(id);
    const place = this.place(operation, path, query);
    const body = text ?? (json === undefined ? '' : JSON.stringify(json));
    const asked = request(this.url + place, {
      method: operation.method, signal: AbortSignal.timeout(patience), createConnection: () => socket,
      headers: {...(token ? {authorization: `Bearer ${token}`} : {}), ...headers,
                ...(body ? {'content-type': type, 'content-length': Buffer.byteLength(body)} : {})},
    });
    asked.end(body);
    return this.hear(asked, operation, place);
  }

  async hear(asked, operation, place) {
    const [answer] = await once(asked, 'response');
    const got = {status: answer.statusCode, headers: new Headers(answer.headers), text: ''};
    for await (const chunk of answer.setEncoding('utf8')) got.text += chunk;
    got.type = got.headers.get('content-type').split(';')[0];
    if (/^application\/(problem\+)?json$/.test(got.type)) got.body = JSON.parse(got.text);
    this.believe(operation, got, `${operation.method} ${place}`);
    return got;
  }

  believe(operation, got, what) {
    const described = operation.responses[got.status];
    assert.ok(described, `${what}: ${got.status} is not described: ${got.text}`);
    assert.match(got.headers.get('x-request-id'), /^[A-Za-z0-9._-]{1,128}$/, what);
    for (const [name, header] of Object.entries(described.headers ?? {}))
      if ((header.$ref ? this.openapi.components.headers[header.$ref.split('/').pop()] : header).required)
        assert.ok(got.headers.has(name), `${what}: without ${name}`);
    for (const name of ['retry-after', 'x-next-cursor'])
      if (got.headers.has(name))
        assert.ok(Object.keys(described.headers).some((one) => one.toLowerCase() === name), `${what}: ${name}`);
    this.count(operation.operationId, got.status, got.body?.code);
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

  count(id, status, code) {
    if (!this.seen.has(id)) this.seen.set(id, new Set());
    this.seen.get(id).add(code ? `${status} ${code}` : `${status}`);
  }

  /**
   * An event of a stream, as asyncapi.json describes its type and its channel. `fields` are
   * those beside data.
   */
  believeEvent(operation, event, fields) {
    const {type} = event;
    const channel = this.asyncapi.operations[operation].channel.$ref.split('/').pop();
    assert.ok(this.asyncapi.channels[channel].messages[type], `${channel}: ${type} is not described`);
    const message = this.asyncapi.components.messages[type];
    this.events.check(message.payload, event, `event ${type}`);
    this.events.check(message.headers ?? {type: 'object', maxProperties: 0}, fields,
                      `fields of the event ${type}`);
    this.types.add(type);
  }
}

/** The events of a stream, as they come, until it is closed. */
export class Stream {
  static async open(api, id, {token, path, query, headers = {}} = {}) {
    const stream = new Stream();
    stream.id = id;
    stream.stop = new AbortController();
    stream.events = [];
    const answer = await fetch(api.url + api.place(api.operation(id), path, query), {
      headers: {...(token ? {authorization: `Bearer ${token}`} : {}), ...headers},
      signal: stream.stop.signal});
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-type'), 'text/event-stream');
    assert.equal(answer.headers.get('cache-control'), 'no-cache, no-transform');
    assert.equal(answer.headers.get('x-accel-buffering'), 'no');
    api.count(id, 200);
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
      for (const block of blocks) this.take(api, block);
    }
    this.over = true;
  }

  take(api, block) {
    const fields = {};
    for (const line of block.split('\n')) {
      const [name, ...value] = line.split(': ');
      if (name) fields[name] = (fields[name] ?? '') + value.join(': ');
    }
    const {data, retry, ...beside} = fields;
    if (retry) this.retry = Number(retry);
    if (data === undefined) return;
    const event = JSON.parse(data);
    api.believeEvent(this.id, event, beside);
    this.events.push(event);
  }

  /** The first event of this type, once it came. */
  async event(until, type) {
    return until(type, async () => {
      if (this.failure) throw this.failure;
      return this.events.find((event) => event.type === type);
    });
  }

  async close() {
    this.stop.abort();
    await this.done;
    if (this.failure) throw this.failure;
  }
}
