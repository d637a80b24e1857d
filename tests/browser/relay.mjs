// A relay between browser and gateway whose lines can be cut, as a bad network would.

import {once} from 'node:events';
import {connect, createServer} from 'node:net';

export class Relay {
  static async start(port) {
    const relay = new Relay(port);
    relay.server.listen(0, '127.0.0.1');
    await once(relay.server, 'listening');
    relay.url = `http://127.0.0.1:${relay.server.address().port}`;
    return relay;
  }

  constructor(port) {
    this.sockets = new Set();
    this.server = createServer((browser) => {
      const gateway = connect(port, '127.0.0.1');
      browser.pipe(gateway).pipe(browser);
      for (const [socket, other] of [[browser, gateway], [gateway, browser]]) {
        this.sockets.add(socket);
        socket.on('error', () => {});  // told by close
        socket.on('close', () => {
          this.sockets.delete(socket);
          other.destroy();
        });
      }
    });
  }

  cut() {
    for (const socket of this.sockets) socket.destroy();
  }

  async stop() {
    const closed = once(this.server, 'close');
    this.server.close();
    this.cut();
    await closed;
  }
}
