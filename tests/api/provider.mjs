// A provider that takes its time: it answers GET at once, and keeps everything else waiting for
// as long as a test wants.

import {once} from 'node:events';
import {createServer} from 'node:http';

export class Provider {
  static async start() {
    const provider = new Provider();
    provider.waiting = [];
    provider.server = createServer((asked, answer) => {
      asked.resume();
      if (asked.method === 'GET') return refuse(answer, 503);
      provider.waiting.push(answer);
    }).listen(0, '127.0.0.1');
    await once(provider.server, 'listening');
    provider.url = `http://127.0.0.1:${provider.server.address().port}`;
    return provider;
  }

  /** Says no to all that wait. */
  refuse() {
    for (const answer of this.waiting.splice(0)) refuse(answer, 400);
  }

  stop() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

function refuse(answer, status) {
  answer.writeHead(status, {'content-type': 'application/json'});
  answer.end('{"code": 20001, "message": "no", "detail": {"status": "no", "message": "no"}}');
}
