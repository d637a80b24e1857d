// A Chromium by Playwright, and pages that remember what went wrong in them.

import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';

import {chromium} from 'playwright-core';

import {patience} from './until.mjs';

// In a container Chromium often cannot have its own sandbox; it sees no page but ours.
const flags = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-dev-shm-usage',
  '--disable-background-networking', '--disable-component-update', '--disable-sync',
  '--disable-extensions', '--no-proxy-server',
];

export class Browser {
  static async start(program) {
    const home = await mkdtemp(join(tmpdir(), 'tandem-browser-'));
    const browser = await chromium.launch({
      executablePath: program, args: flags, timeout: 60_000,
      env: {...process.env, HOME: home, XDG_CONFIG_HOME: home, XDG_CACHE_HOME: home},
    });
    return new Browser(browser, home);
  }

  constructor(browser, home) {
    Object.assign(this, {browser, home, pages: []});
  }

  /** A page of its own: no other one's storage. `address` is where it goes. */
  async open(address, options = {}) {
    const context = await this.browser.newContext({
      viewport: {width: 1440, height: 900}, locale: 'en-GB', timezoneId: 'UTC', ...options,
    });
    context.setDefaultTimeout(patience);
    const page = await context.newPage();
    page.complaints = [];  // what the page or its policy complained of
    page.asked = [];       // addresses it asked for
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type()))
        page.complaints.push(`${message.type()}: ${message.text()} ${message.location().url}`);
    });
    page.on('pageerror', (failure) => page.complaints.push(String(failure.stack ?? failure)));
    page.on('request', (request) => page.asked.push(request.url()));
    this.pages.push(page);
    // A page that runs already may send past a first route; so there is one from the beginning.
    await page.route('**/never-asked', (route) => route.continue());
    if (address) await page.goto(address);
    return page;
  }

  async stop() {
    await this.browser.close();
    // Its children may still be writing.
    await rm(this.home, {recursive: true, force: true, maxRetries: 20, retryDelay: 100});
  }
}
