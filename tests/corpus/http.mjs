// H01-H46: what is no well-formed HTTP, or too much of it. All variants of framing, byte by
// byte, are in tests/unit/serve/framing_cases_test.cpp; here each number meets the daemon as it
// is configured, with a store behind it that a smuggled request would reach.

import assert from 'node:assert/strict';

import {Line} from './player.mjs';

const last = '0\r\n\r\n';
const kib = (count) => 'x'.repeat(count * 1024);

/** Refused: one answer, then the connection is closed. */
const no = (number, name, status, send, more = {}) =>
  ({name: `${number} ${name}`, send, answers: [status], closes: true, ...more});
/** Served as if nothing were, and the connection goes on. */
const yes = (number, name, send, more = {}) =>
  ({name: `${number} ${name}`, send, answers: [200], ...more});

const get = (fields = '') => `GET /livez HTTP/1.1\r\nHost: x\r\n${fields}\r\n`;
const target = (text) => `GET ${text} HTTP/1.1\r\nHost: x\r\n\r\n`;
const line = (text) => `${text}\r\nHost: x\r\n\r\n`;

export function http({tokens, house}) {
  const bearer = `Authorization: Bearer ${tokens.demo}\r\n`;
  const post = (fields, body = '') =>
    `POST /api/leads HTTP/1.1\r\nHost: x\r\n${bearer}Content-Type: application/json\r\n` +
    `${fields}\r\n${body}`;
  const chunked = (body) => post('Transfer-Encoding: chunked\r\n', body);
  // A request that stores something, if it is ever taken for one.
  const lead = '{"phoneNumber":"+15550199999"}';
  const hidden = post(`Content-Length: ${lead.length}\r\n`, lead);
  // Framed well: what the handler says of the body shows that it arrived whole.
  const framed = {answers: [400], code: 'MISSING_PHONE_NUMBER'};

  return [
    no('H01', 'length and chunked', 400,
       post('Content-Length: 3\r\nTransfer-Encoding: chunked\r\n', last + hidden),
       {code: 'BAD_REQUEST'}),
    no('H01', 'chunked and length', 400,
       post('Transfer-Encoding: chunked\r\nContent-Length: 3\r\n', last + hidden)),
    no('H02', 'two different lengths', 400,
       post('Content-Length: 2\r\nContent-Length: 200\r\n', '{}' + hidden)),
    no('H03', 'two equal lengths', 400, post('Content-Length: 2\r\nContent-Length: 2\r\n', '{}')),
    no('H04', 'a list of lengths', 400, post('Content-Length: 2, 2\r\n', '{}')),
    ...[' +3', ' -1', ' 0x3', ' 3abc', ' 3 ', '', ' 99999999999999999999'].map((length) =>
      no('H05', `length '${length}'`, 400, post(`Content-Length:${length}\r\n`, 'abc'))),
    no('H06', 'an unknown coding and a length', 501,
       post('Transfer-Encoding: xchunked\r\nContent-Length: 3\r\n', 'abc'),
       {code: 'NOT_IMPLEMENTED'}),
    no('H07', 'gzip, chunked', 501, post('Transfer-Encoding: gzip, chunked\r\n', last)),
    ...['chunked, identity', 'chunked, chunked', 'identity\r\nTransfer-Encoding: chunked'].map(
        (codings) => no('H08', codings, 400, post(`Transfer-Encoding: ${codings}\r\n`, last))),
    no('H09', 'a blank before the colon', 400, post('Transfer-Encoding : chunked\r\n', last)),
    yes('H10', 'a tab', post('Transfer-Encoding:\tchunked\r\n', '2\r\n{}\r\n' + last), framed),
    yes('H10', 'mixed case', post('Transfer-Encoding: ChUnKeD\r\n', '2\r\n{}\r\n' + last), framed),
    no('H10', 'a vertical tab', 400, post('Transfer-Encoding: \vchunked\r\n', last)),
    no('H11', 'HTTP/1.0 chunked', 400,
       chunked(last).replace('HTTP/1.1', 'HTTP/1.0')),
    no('H12', 'a folded line', 400, get('A: b\r\n c\r\n')),
    no('H13', 'bare line feeds', 400, get('A: b\r\n').replaceAll('\r\n', '\n')),
    no('H13', 'one bare line feed', 400, get('A: b\nC: d\r\n')),
    no('H14', 'a bare CR', 400, get('A: b\rc\r\n')),
    no('H14', 'NUL', 400, get('A: b\0c\r\n')),
    no('H14', 'escape', 400, get('A: \x1b[31m\r\n')),
    no('H15', 'no Host', 400, 'GET /livez HTTP/1.1\r\n\r\n'),
    no('H15', 'two Hosts', 400, get('Host: x\r\n')),
    ...['', 'x/y', 'user@x', 'x y', 'x,y'].map((host) =>
      no('H15', `Host '${host}'`, 400, `GET /livez HTTP/1.1\r\nHost: ${host}\r\n\r\n`)),
    no('H16', 'two Authorizations', 400,
       `GET /api/leads HTTP/1.1\r\nHost: x\r\n${bearer}${bearer}\r\n`),
    no('H17', 'two Content-Types', 400,
       post('Content-Type: application/json\r\nContent-Length: 2\r\n', '{}')),
    {name: 'H18 two signatures',
     send: 'POST /api/webhooks/twilio/sms/incoming HTTP/1.1\r\nHost: x\r\n' +
           'Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n' +
           'X-Twilio-Signature: a\r\nX-Twilio-Signature: b\r\n\r\na=b',
     answers: [403], code: 'INVALID_SIGNATURE',
     counts: 'tandem_webhook_received_total{event="none",provider="twilio",result="bad_signature"}'},
    no('H19', 'no colon', 400, get('banana\r\n')),
    ...['', 'A b', 'A(', 'A\xe4'].map((name) =>
      no('H19', `the name '${name}'`, 400, get(`${name}: b\r\n`))),
    no('H20', '65 headers', 431, get('A: b\r\n'.repeat(64)), {code: 'HEADERS_TOO_LARGE'}),
    no('H20', 'a value of 9 KiB', 431, get(`A: ${kib(9)}\r\n`)),
    no('H20', 'a name of 300', 431, get(`${'A'.repeat(300)}: b\r\n`)),
    no('H20', 'a block of 40 KiB', 431, get(`A: ${kib(1)}\r\n`.repeat(40))),
    no('H21', 'a target of 9 KiB', 414, target(`/${kib(9)}`), {code: 'URI_TOO_LONG'}),
    ...['/a\rb', '/a\nb', '/a\0b', '/a b', '/livez#x', '/a\\b', '/%00', '/%2e%2e/livez',
        '/../livez', '//livez', '/a%2fb', '/%c0%af', '/%ff', '/%zz', '/%', '/\xc3\xbc', 'livez',
        '/livez?a=%00'].map((bad) =>
      no('H22', `target ${JSON.stringify(bad)}`, 400, target(bad))),
    no('H23', 'another host', 400, target('http://other/livez')),
    yes('H23', 'the same host', target('http://X/livez')),
    no('H24', '100 letters', 501, line(`${'A'.repeat(100)} /livez HTTP/1.1`)),
    no('H24', 'G@T', 400, line('G@T /livez HTTP/1.1')),
    no('H24', 'lower case', 501, line('get /livez HTTP/1.1')),
    no('H25', 'TRACE', 405, line('TRACE /livez HTTP/1.1'),
       {headers: {allow: 'DELETE, GET, HEAD, OPTIONS, PATCH, POST'}}),
    no('H25', 'CONNECT', 405, line('CONNECT x:80 HTTP/1.1')),
    no('H25', 'unknown, with a body', 501,
       'BREW /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc'),
    no('H26', 'HTTP/9.9', 505, line('GET /livez HTTP/9.9'), {code: 'VERSION_NOT_SUPPORTED'}),
    no('H26', 'lower case', 400, line('GET /livez http/1.1')),
    no('H26', 'no version', 400, 'GET /livez\r\n\r\n'),
    no('H27', 'the preface of HTTP/2', 400, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    no('H27', 'a TLS hello', 400, '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'),
    yes('H28', 'one empty line', '\r\n' + get()),
    no('H28', 'two empty lines', 400, '\r\n\r\n' + get()),
    no('H28', '1,000 empty lines', 400, '\r\n'.repeat(1000) + get()),
    ...['-3', '0x3', '123456789', '', ' 3', '3 '].map((size) =>
      no('H29', `chunk size '${size}'`, 400, chunked(`${size}\r\nabc\r\n${last}`))),
    no('H30', 'data longer than its size', 400, chunked(`3\r\nabcd\r\n${last}`)),
    no('H30', 'data shorter than its size', 400, chunked(`4\r\nabc\r\n${last}${hidden}`)),
    no('H30', 'no line end behind the data', 400, chunked(`3\r\nabc${last}`)),
    yes('H31', 'one byte of extension', chunked(`2;a\r\n{}\r\n${last}`), framed),
    no('H31', '16 KiB of extensions', 400,
       chunked(`1;a=${kib(1)}\r\nx\r\n`.repeat(16) + last)),
    {name: 'H32 trailers are left out',
     send: chunked('2\r\n{}\r\n0\r\nContent-Length: 50\r\nAuthorization: x\r\n\r\n') + get(),
     answers: [400, 200]},
    no('H32', '5 KiB of trailers', 400, chunked(`0\r\n${`A: ${kib(1)}\r\n`.repeat(5)}\r\n`)),
    no('H33', '100,000 one-byte chunks beyond the limit', 413,
       chunked('1\r\nx\r\n'.repeat(100_000) + last), {code: 'PAYLOAD_TOO_LARGE'}),
    yes('H33', '60,000 one-byte chunks within it',
        chunked('1\r\n \r\n'.repeat(60_000) + '2\r\n{}\r\n' + last), framed),
    no('H34', 'cut short', 400, post('Content-Length: 50\r\n', lead), {then: 'shut'}),
    no('H34', 'cut short in a chunk', 400, chunked(`32\r\n${lead}`), {then: 'shut'}),
    no('H34', 'cut short before the last chunk', 400,
       chunked(`${lead.length.toString(16)}\r\n${lead}\r\n`), {then: 'shut'}),
    no('H35', 'a body that stalls', 408, post('Content-Length: 50\r\n', '{"a'),
       {code: 'REQUEST_TIMEOUT'}),
    no('H36', 'no length', 411, post(''), {code: 'LENGTH_REQUIRED'}),
    no('H37', 'over the limit', 413, post('Content-Length: 65537\r\n'),
       {code: 'PAYLOAD_TOO_LARGE'}),
    no('H37', 'over the limit, expecting', 413,
       post('Content-Length: 65537\r\nExpect: 100-continue\r\n')),
    no('H38', 'an expectation of something else', 417,
       post('Content-Length: 2\r\nExpect: banana\r\n', '{}'), {code: 'EXPECTATION_FAILED'}),
    no('H39', 'a body that nobody wants', 413, get('Content-Length: 3\r\n') + 'abc' + get()),
    {name: 'H39 pipelined, answered in order', send: post('Content-Length: 2\r\n', '{}') + get(),
     answers: [400, 200]},
    ({name: 'H40 50 requests of a reader who takes nothing', scene: async (_, player) => {
      const line = await Line.open(house.port);
      line.socket.pause();
      line.send(target('/api/openapi.json').repeat(50));
      await player.checkHealth();
      // What it holds for him is bounded: the rest is not even made. Half a minute later he is cut.
      await new Promise((next) => setTimeout(next, 500));
      const made = [...(await player.metrics()).matchAll(
          /^tandem_http_requests_total\{.*openapi\.json.*\} (\d+)$/gm)];
      assert.equal(made.length, 1);
      assert.ok(Number(made[0][1]) < 50, `${made[0][1]} were made`);
      line.leave();
    }}),
    no('H41', 'a header that stops', 408, 'GET /livez HTTP/1.1\r\nHost: x\r\nA: b'),
    ({name: 'H42 500 half-open connections', scene: async (_, player) => {
      // Of one address that is not the honest callers'.
      const lines = await Promise.all(Array.from({length: 500}, () =>
        Line.open(house.port, '127.0.0.2')));
      for (const one of lines) one.send('GET /livez HTTP/1.1\r\n');
      await player.checkHealth();
      for (const one of lines) await one.end();
      const statuses = lines.map((one) => Number(one.received.toString('latin1').split(' ')[1]));
      assert.ok(statuses.filter((status) => status === 408).length <= 200, 'more than may be open');
      assert.ok(statuses.every((status) => [408, 503].includes(status) || Number.isNaN(status)));
    }}),
    no('H43', 'an encoded word with CR LF', 400, get('A: =?utf-8?B?QUJDDQpYOiAx?=\r\n')),
    no('H43', 'an encoded word of no charset', 400, get('A: =?utf-32?Q?x?=\r\n')),
    yes('H44', 'forwarded by a stranger',
        get('X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Proto: https\r\n'),
        {headers: {'strict-transport-security': null}}),
  ];
}
