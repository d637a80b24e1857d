// A Chromium, spoken to by its DevTools protocol over a pipe: no port, no package.

import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

// In a container Chromium often cannot have its own sandbox; it sees no page but ours.
const flags = [
  '--headless', '--remote-debugging-pipe', '--no-first-run', '--disable-gpu', '--disable-quic',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
  '--disable-extensions', '--no-sandbox', '--disable-dev-shm-usage', '--no-proxy-server',
];

export const patience = 30_000;  // the machine may be slow; nothing here takes that long

/** Tries until it gets something true, and says what it waited for when it does not. */
export async function until(what, attempt, limit = patience) {
  const end = Date.now() + limit;
  for (;;) {
    const found = await attempt();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
    await new Promise((next) => setTimeout(next, 30));
  }
}

export class Browser {
  static async start(program) {
    const profile = await mkdtemp(join(tmpdir(), 'tandem-browser-'));
    const child = spawn(program, [...flags, `--user-data-dir=${profile}`, 'about:blank'],
                        {stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
                         env: {...process.env, HOME: profile}});
    return new Browser(child, profile);
  }

  constructor(child, profile) {
    this.child = child;
    this.profile = profile;
    this.calls = new Map();      // id -> what waits for the answer
    this.listeners = new Map();  // session -> listener
    this.next = 1;
    this.over = null;            // why no more answers will come
    let rest = '';
    const input = child.stdio[4].setEncoding('utf8');
    input.on('data', (text) => {
      const messages = (rest + text).split('\0');
      rest = messages.pop();
      for (const message of messages) this.hear(JSON.parse(message));
    });
    const end = (why) => {
      this.over ??= new Error(why);
      for (const call of this.calls.values()) call.reject(this.over);
      this.calls.clear();
    };
    child.on('error', (failure) => end(`the browser did not start: ${failure.message}`));
    child.on('exit', (code, signal) => end(`the browser ended: ${code ?? signal}`));
    child.stdio[3].on('error', () => {});  // told by exit
    input.on('error', () => {});
  }

  hear(message) {
    if (!message.id) {
      this.listeners.get(message.sessionId)?.(message.method, message.params);
      return;
    }
    const call = this.calls.get(message.id);
    this.calls.delete(message.id);
    if (message.error) call?.reject(new Error(`${call.method}: ${message.error.message}`));
    else call?.resolve(message.result);
  }

  send(method, params = {}, sessionId = undefined) {
    if (this.over) return Promise.reject(this.over);
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.calls.set(id, {method, resolve, reject});
      this.child.stdio[3].write(JSON.stringify({id, method, params, sessionId}) + '\0');
    });
  }

  async open(address) {
    const {targetId} = await this.send('Target.createTarget', {url: 'about:blank'});
    const {sessionId} = await this.send('Target.attachToTarget', {targetId, flatten: true});
    const page = new Page(this, sessionId);
    for (const domain of ['Page', 'Runtime', 'Log', 'Network'])
      await page.send(`${domain}.enable`);
    await page.send('Page.navigate', {url: address});
    await until('the page to load', () => page.run('document.readyState === "complete"'));
    return page;
  }

  async stop() {
    if (!this.over) {
      const gone = once(this.child, 'exit');
      this.send('Browser.close').catch(() => {});
      const timer = setTimeout(() => this.child.kill('SIGKILL'), 5000);
      await gone;
      clearTimeout(timer);
    }
    // Its children may still be writing.
    await rm(this.profile, {recursive: true, force: true, maxRetries: 20, retryDelay: 100});
  }
}

export class Page {
  constructor(browser, session) {
    this.browser = browser;
    this.session = session;
    this.complaints = [];  // errors and warnings of the page, violations of its policy
    this.requests = [];    // addresses that it asked for
    browser.listeners.set(session, (method, params) => this.hear(method, params));
  }

  hear(method, params) {
    if (method === 'Runtime.exceptionThrown') {
      const {exception, text} = params.exceptionDetails;
      this.complaints.push(exception?.description ?? text);
    } else if (method === 'Runtime.consoleAPICalled') {
      this.complaints.push(params.args.map((one) => one.value ?? one.description).join(' '));
    } else if (method === 'Log.entryAdded') {
      const {level, source, text, url} = params.entry;
      this.complaints.push(`${source} ${level}: ${text} ${url ?? ''}`);
    } else if (method === 'Network.requestWillBeSent') {
      this.requests.push(params.request.url);
    }
  }

  send(method, params) {
    return this.browser.send(method, params, this.session);
  }

  /** The value of an expression, in the page. */
  async run(expression) {
    const {result, exceptionDetails} = await this.send('Runtime.evaluate', {
      expression, awaitPromise: true, returnByValue: true, userGesture: true,
    });
    if (exceptionDetails)
      throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  text(selector) {
    return this.run(`document.querySelector(${JSON.stringify(selector)}).textContent.trim()`);
  }

  /** Clicks where a person would: what is covered, hidden or disabled is not hit. */
  async click(selector) {
    const place = await this.run(`(() => {
      const wanted = document.querySelector(${JSON.stringify(selector)});
      wanted.scrollIntoView({block: 'center', behavior: 'instant'});
      const box = wanted.getBoundingClientRect();
      const x = box.x + box.width / 2, y = box.y + box.height / 2;
      const hit = document.elementFromPoint(x, y);
      return !wanted.disabled && hit && wanted.contains(hit) ? {x, y} : null;
    })()`);
    if (!place) throw new Error(`${selector} cannot be clicked`);
    for (const type of ['mousePressed', 'mouseReleased'])
      await this.send('Input.dispatchMouseEvent', {type, ...place, button: 'left', clickCount: 1});
  }

  async type(selector, text) {
    await this.run(`(() => {
      const field = document.querySelector(${JSON.stringify(selector)});
      field.focus();
      field.select();
    })()`);
    if (text) await this.send('Input.insertText', {text});
    else await this.press('Delete', 46);
  }

  async press(key, code, text = undefined) {
    const event = {key, code: key, windowsVirtualKeyCode: code, text};
    await this.send('Input.dispatchKeyEvent', {type: text ? 'keyDown' : 'rawKeyDown', ...event});
    await this.send('Input.dispatchKeyEvent', {type: 'keyUp', ...event});
  }
}
