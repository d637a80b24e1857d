// A daemon with a plugin that does what no plugin should (tests/contract/proxies), in a folder in
// which all the broken ones lie beside the good ones. Where they were built is in the environment.

import {execFile} from 'node:child_process';
import {chmod, copyFile, mkdir, readdir, symlink, writeFile} from 'node:fs/promises';
import {join} from 'node:path';

import {House} from './house.mjs';

const {BROKEN_PLUGINS, ODD_PLUGIN} = process.env;

export class Home extends House {
  static async create(programs) {
    const home = await super.create(programs);
    home.plugins = join(home.folder, 'plugins');
    await mkdir(home.plugins, {mode: 0o755});
    const good = join(programs, '../lib/tandem/plugins');
    for (const folder of [good, BROKEN_PLUGINS])
      for (const name of await readdir(folder)) await home.put(name, join(folder, name));
    await home.put('tandem-odd.so', ODD_PLUGIN);
    return home;
  }

  async put(name, from) {
    await copyFile(from, join(this.plugins, name));
    await chmod(join(this.plugins, name), 0o644);
  }

  file(name) { return join(this.plugins, `tandem-${name}.so`); }

  /** A plugin's file with this content, or a link to that one. */
  write(name, content) { return writeFile(this.file(name), content, {mode: 0o644}); }
  link(name, to) { return symlink(to, this.file(name)); }

  text() {
    return super.text()
        .replace('plugins: {', `plugins: {directories: ["${this.plugins}"], `)
        .replace('organizations:\n', `  - {id: odd, plugin: odd}\norganizations:\n` +
          '  - {id: strange, name: Strange, default_region: US, numbers: ["+15550000000"], ' +
          'channel: odd}\n');
  }

  /** What the program says of settings that name these plugins: its exit code and its words. */
  async check(plugins, task) {
    const file = join(this.folder, 'broken.yaml');
    const items = plugins.map((one) => `  - {id: ${one}, plugin: ${one}}`);
    await writeFile(file, `
server: {listen: "127.0.0.1:0", public_url: "https://gateway.example.com"}
auth: [{plugin: jwt, options: {secret: "0123456789abcdef0123456789abcdef"}}]
storage: {plugin: memory}
providers:
${items.join('\n')}
organizations: [{id: demo}]
plugins: {directories: ["${this.plugins}"], trusted_uid: ${process.getuid()}}
`);
    return new Promise((resolve) => {
      execFile(join(this.programs, 'tandemd'), [task, file], {timeout: 120_000},
               (failure, out, err) =>
                 resolve({code: failure ? failure.code : 0, said: out + err}));
    });
  }
}
