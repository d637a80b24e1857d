// What the console's tests play on: the real daemon, a real browser, agents at pages of it.

import assert from 'node:assert/strict';

import {Browser} from './browser.mjs';
import {Gateway} from './gateway.mjs';
import {Relay} from './relay.mjs';
import {until} from './until.mjs';

export const customer = '+14155550131';

/** Runs a test's stories, cleans up, and says what went wrong. `gatewayOf` is a kind of Gateway. */
export async function play(title, [program, programs], tell, gatewayOf = Gateway) {
  const started = Date.now();
  const cleaning = [];
  let gateway = null, browser = null;
  try {
    gateway = await gatewayOf.create(programs);
    cleaning.push(() => gateway.remove());
    await gateway.start();
    const relay = await Relay.start(gateway.port);
    cleaning.push(() => relay.stop());
    browser = await Browser.start(program);
    cleaning.push(() => browser.stop());
    const stage = new Stage(gateway, relay, browser);
    stage.token = await gateway.token({sub: 'demo-agent'});
    stage.story = async (name, run) => {
      await run();
      console.log(`${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
    };
    await tell(stage);
    await stage.nothingAmiss();
    console.log(title);
  } catch (failure) {
    console.error(failure, '\n-- the pages:', browser?.pages.map((page) => page.complaints),
                  '\n-- the gateway:\n' + gateway?.output.slice(-4000));
    process.exitCode = 1;
  } finally {
    for (const clean of cleaning.reverse()) {
      await clean().catch((failure) => {
        console.error('cleaning up:', failure);
        process.exitCode = 1;
      });
    }
  }
}

/**
 * The next answer of the gateway to `address` as slow as a bad network makes it: after asked()
 * the gateway has answered; the page has it by answer().
 */
export async function held(page, address) {
  let route, response;
  await page.route(address, async (asked) => {
    route = asked;
    response = await route.fetch();
  }, {times: 1});
  return {asked: () => until(`${address} to be asked for`, () => response),
          answer: () => route.fulfill({response})};
}

class Stage {
  constructor(gateway, relay, browser) {
    Object.assign(this, {gateway, relay, browser});
    this.expected = [];  // patterns of complaints that a story brings about on purpose
  }

  async ask(method, path, body, token = this.token) {
    const answer = await fetch(this.gateway.url + path, {
      method, body: body && JSON.stringify(body),
      headers: {'Content-Type': 'application/json', Authorization: `Bearer ${token}`},
    });
    const read = await answer.json();
    assert.ok(answer.ok, `${method} ${path}: ${JSON.stringify(read)}`);
    return read.data;
  }

  /** The customer writes, past the page. */
  write(text, from = customer) {
    return this.ask('POST', '/api/sandbox/messages', {from, text});
  }

  conversation(number = customer) {
    return this.ask('GET', `/api/conversations/${encodeURIComponent(number)}`);
  }

  /** An agent signs in by the link; `through` the relay when its line shall be cut. */
  async agent({sub = 'demo-agent', permissions = 'admin', ttl = '1h', ...options} = {},
              through = false) {
    const token = await this.gateway.token({sub, permissions, ttl});
    const at = through ? this.relay.url : this.gateway.url;
    const page = await this.browser.open(`${at}/#token=${token}`, options);
    const agent = new Agent(this, page, token);
    await agent.live();
    assert.equal(await page.evaluate('location.hash'), '', 'the token stays in the address');
    return agent;
  }

  /** No complaint, no other host, no token in an address, in any of the pages. */
  async nothingAmiss() {
    const hosts = new Set([new URL(this.gateway.url).host, new URL(this.relay.url).host]);
    for (const page of this.browser.pages) {
      const own = page.complaints.filter((text) => !this.expected.some((one) => one.test(text)));
      assert.deepEqual(own, [], 'a page complained');
      const elsewhere = page.asked.filter((url) => !url.startsWith('data:') &&
                                                   !hosts.has(new URL(url).host));
      assert.deepEqual(elsewhere, [], 'a page asked another host');
      const leaks = page.asked.filter((url) => /token|eyJ/.test(new URL(url).search));
      assert.deepEqual(leaks, [], 'a token stood in an address');
    }
  }
}

/** A person at a page. */
export class Agent {
  constructor(stage, page, token) {
    Object.assign(this, {stage, page, token});
  }

  live() {
    return this.page.waitForSelector('#line[data-state=open]');
  }

  async open(number = customer) {
    await this.page.locator(`.row[data-number="${number}"]`).click();
    await this.page.waitForSelector('#opened:not([hidden])');
    await this.until('the conversation to be read', async () =>
      /beginning|older/.test(await this.page.textContent('.begin')));
  }

  /** The lines of the conversation on screen, oldest first. */
  lines() {
    return this.page.$$eval('#timeline .message', (all) => all.map((one) => ({
      id: one.dataset.id ?? '', by: one.classList[1],
      text: one.querySelector('.content')?.textContent ?? '',
      foot: one.querySelector('.foot').textContent,
      superseded: one.classList.contains('superseded'),
    })));
  }

  /** Waits for a line that is on screen once. */
  async sees(text, by) {
    return this.until(`${by ?? 'someone'}, once: ${text.slice(0, 60)}`, async () => {
      const same = (await this.lines()).filter((line) => line.text === text);
      return same.length === 1 && (!by || same[0].by === by) && same[0];
    });
  }

  async until(what, attempt) {
    try {
      return await until(what, attempt);
    } catch (failure) {
      await this.page.screenshot({path: '/tmp/tandem-console-failure.png'}).catch(() => {});
      const seen = (await this.page.innerText('body')).slice(0, 3000);
      throw new Error(`${failure.message}; on screen: ${seen}`);
    }
  }

  holder() {
    return this.page.textContent('#holder');
  }

  heldBy(name) {
    return this.until(`held by ${name}`, async () => (await this.holder()) === name);
  }

  async say(text) {
    await this.page.fill('#answer', text);
    await this.page.press('#answer', 'Enter');
  }
}
