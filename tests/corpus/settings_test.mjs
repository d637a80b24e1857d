// Wrong settings, played against the programs: settings.mjs says what must come of each.
//   node settings_test.mjs PROGRAMS

import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {chmod, writeFile} from 'node:fs/promises';
import {join} from 'node:path';

import {until} from '../browser/until.mjs';
import {Player} from './player.mjs';
import {checked, reloaded} from './settings.mjs';
import {check, Issued, promise, Reloading, Secure, tell} from './settings_house.mjs';

const programs = process.argv[2];
for (const one of checked) await promise(one.name, () => check(programs, one));

const house = await Reloading.create(programs);
const player = new Player(house);
try {
  await house.writeSecret(house.secret);
  await house.start();
  for (const one of reloaded) {
    await promise(one.name, async () => {
      const said = await house.reload(one.change);
      if (one.applied)
        assert.ok(said.includes(`"applied":"${one.applied}"`), said);
      else
        assert.ok(!/"applied":"[^"]/.test(said), said);
      if (one.says) await until('it to be told', () => one.says.test(house.said()), 20_000);
      await until('the gauge to say so', async () => await house.successful() === one.successful,
                  20_000);
      await house.reload();  // and back
      await player.checkHealth();
    });
  }
  await promise('Y13 a secret that changed is read again, and never told', async () => {
    const before = await house.token();
    assert.equal(await house.asks(before), 200);
    await house.writeSecret('another-secret-of-thirty-two-byte');
    const said = await house.reload();
    assert.match(said, /"applied":"auth\[jwt\]\.options"/);
    assert.equal(await house.asks(before), 401);
    assert.equal(await house.asks(await house.token()), 200);
    assert.ok(!house.output.includes('another-secret'));
  });
  await promise('Y13 a secret file that others can read is not read again', async () => {
    await chmod(join(house.folder, 'jwt.secret'), 0o644);
    const token = await house.reload().then((said) => {
      assert.match(said, /stay in force.*chmod 600/);
      return chmod(join(house.folder, 'jwt.secret'), 0o600);
    }).then(() => house.token());
    assert.equal(await house.asks(token), 200);
  });
  await promise('fifty reloads under load lose no request', async () => {
    const token = await house.token();
    let running = true;
    let asked = 0;
    const callers = Array.from({length: 4}, async () => {
      for (; running; ++asked) assert.equal(await house.asks(token), 200);
    });
    for (let i = 0; i < 50; ++i)
      await house.ask((text) => text.replace('delay_ms: 1', `delay_ms: ${2 + (i % 2)}`));
    running = false;
    await Promise.all(callers);
    assert.ok(asked > 50);
  });
  await promise('there is no core, and nothing shows a secret', async () => {
    const limits = execFileSync('cat', [`/proc/${house.child.pid}/limits`]).toString();
    assert.match(limits, /Max core file size +0 +0/);
    const shown = execFileSync(join(programs, 'tandemctl'),
                               ['config', 'show', '--config', house.settings]).toString();
    for (const secret of ['another-secret', '3'.repeat(32), 'wsec_corpus'])
      assert.ok(!shown.includes(secret) && !house.output.includes(secret), secret);
  });
  assert.equal(await house.ends(), 0);
} finally {
  await house.remove();
}

const issued = await Issued.create(programs);
try {
  await issued.writeSecret(issued.secret);
  await issued.publish();
  await issued.start();
  await promise('an issuer whose key got out is believed no longer after SIGHUP', async () => {
    const stolen = issued.partners();
    assert.equal(await issued.asks(stolen), 200);
    await issued.publish();
    assert.match(await issued.reload(), /"applied":"auth\[partner\]\.options"/);
    assert.equal(await issued.asks(stolen), 401);
    assert.equal(await issued.asks(issued.partners()), 200);
    assert.match(await issued.reload(), /"applied":""/);
  });
  await promise('a key that is not usable is named, and the old one stays', async () => {
    const token = issued.partners();
    await writeFile(join(issued.folder, 'partner.pem'), 'half of a');
    const said = await issued.reload();
    assert.match(said, /stay in force.*partner\.options\.key_file/);
    assert.equal(await issued.successful(), 0);
    assert.equal(await issued.asks(token), 200);
  });
  assert.equal(await issued.ends(), 0);
} finally {
  await issued.remove();
}

// Its certificate is nobody's; the daemon is ours, on loopback.
process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
const secure = await Secure.create(programs);
try {
  secure.certify();
  await secure.writeSecret(secure.secret);
  await secure.start();
  await promise('a renewed certificate is shown after SIGHUP', async () => {
    const before = await secure.shown();
    secure.certify();
    assert.equal(await secure.shown(), before);
    assert.match(await secure.reload(), /"applied":"server.tls.certificate, server.tls.key"/);
    assert.notEqual(await secure.shown(), before);
    assert.equal(await secure.successful(), 1);
  });
  await promise('a certificate that is not usable is named, and the old one stays', async () => {
    const before = await secure.shown();
    const certificate = join(secure.folder, 'certificate.pem');
    await writeFile(certificate, 'half of a');
    const said = await secure.reload((text) => text.replace('level: info', 'level: debug'));
    assert.match(said, /stay in force/);
    assert.ok(said.includes(certificate), said);
    assert.equal(await secure.successful(), 0);
    assert.equal(await secure.shown(), before);
    assert.equal(await secure.asks(await secure.token()), 200);
    secure.certify();
    await secure.reload();
    assert.equal(await secure.successful(), 1);
  });
  assert.equal(await secure.ends(), 0);
} finally {
  await secure.remove();
}
tell();
