// Y12-Y20 as an operator meets them: the programs, their exit codes and what they say; and a
// running gateway that reads its settings again. How each text is read is in
// tests/unit/settings/refusals_test.cpp.

const plain = `
server: {public_url: "https://gateway.example.com"}
auth:
  - plugin: jwt
    options: {algorithm: HS256, secret: "\${SECRET}"}
storage: {plugin: sqlite, options: {path: "\${FOLDER}/tandem.db"}}
organizations:
  - {id: demo}
`;
const secretAt = (reference) => plain.replace('${SECRET}', reference);
const good = 'x'.repeat(32);

/** Checked by tandemd --check-config: its exit code, and a line that it must say. */
export const checked = [
  {name: 'Y12 a secret in the file', settings: secretAt(good), exit: 0,
   says: /auth\[0\]\.options\.secret: warning: .*secret from elsewhere/, lacks: good},
  {name: 'Y13 a good secret file', settings: secretAt('${file:secret}'),
   files: {secret: `${good}\n`}, exit: 0},
  {name: 'Y13 a file that is not there', settings: secretAt('${file:secret}'), exit: 78,
   says: /:5:\d+: auth\[0\]\.options\.secret: .*No such file/},
  {name: 'Y13 an empty file', settings: secretAt('${file:secret}'), files: {secret: '\n'},
   exit: 78, says: /not empty/},
  ...[0o644, 0o640, 0o604].map((mode) =>
    ({name: `Y13 mode ${mode.toString(8)}`, settings: secretAt('${file:secret}'),
      files: {secret: {text: good, mode}}, exit: 78, says: /chmod 600/, lacks: good})),
  {name: 'Y13 a folder', settings: secretAt('${file:secret}'), files: {'secret/in': ''}, exit: 78,
   says: /regular file/},
  {name: 'Y13 a FIFO', settings: secretAt('${file:secret}'), fifo: 'secret', exit: 78,
   says: /regular file/},
  {name: 'Y13 10 MiB', settings: secretAt('${file:secret}'),
   files: {secret: 'x'.repeat(10 << 20)}, exit: 78, says: /64 KiB/},
  {name: 'Y13 a credential of systemd', settings: secretAt('${file:${CREDENTIALS_DIRECTORY}/jwt}'),
   files: {'credentials/jwt': {text: good, mode: 0o440}},
   environment: (folder) => ({CREDENTIALS_DIRECTORY: `${folder}/credentials`}), exit: 0},
  {name: 'Y13 a secret too short', settings: secretAt('${file:secret}'),
   files: {secret: 'canary-4711'}, exit: 78, lacks: 'canary-4711', starts: true},
  ...['', 'x', 'x'.repeat(31)].map((secret) =>
    ({name: `T04 a secret of ${secret.length} bytes`, settings: secretAt(secret), exit: 78,
      says: /secret/, starts: true})),
  {name: 'T04 a secret that everybody can read', exit: 78, says: /secret/, starts: true,
   settings: plain.replace('secret: "${SECRET}"', 'jwks_url: "http://127.0.0.1:9/keys"')},
  {name: 'Y14 a variable that is not set', settings: secretAt('${NOWHERE}'), exit: 78,
   says: /NOWHERE to be set/},
  {name: 'Y15 an override of the wrong type', settings: plain,
   environment: () => ({SECRET: good, TANDEM_STREAM_HEARTBEAT_S: 'soon'}), exit: 78,
   says: /TANDEM_STREAM_HEARTBEAT_S.*1 to 3600/},
  {name: 'Y15 an override of an unknown key', settings: plain,
   environment: () => ({SECRET: good, TANDEM_STREAM_HEARTBEET_S: '5'}), exit: 78,
   says: /TANDEM_STREAM_HEARTBEET_S/},
  {name: 'Y16 the later part wins', settings: plain, environment: () => ({SECRET: good}),
   files: {'conf.d/10.yaml': 'log: {level: debug}\n', 'conf.d/20.yaml': 'log: {level: loud}\n'},
   exit: 78, says: /conf\.d\/20\.yaml:1:14: log\.level/},
  {name: 'Y16 leftovers are no parts', settings: plain, environment: () => ({SECRET: good}),
   files: {'conf.d/10.yaml.dpkg-new': 'banana', 'conf.d/10.yaml~': 'banana',
           'conf.d/10.yaml.rpmsave': 'banana'}, exit: 0},
  {name: 'Y17 a plugin that is not there', settings: `${plain}bus: {plugin: banana}\n`,
   environment: () => ({SECRET: good}), exit: 78, says: /plugin banana: no readable file/},
  {name: 'Y17 a plugin in a folder of everybody', exit: 78,
   settings: `${plain}plugins: {directories: ["/tmp/open-to-all"]}\n`,
   environment: () => ({SECRET: good}), says: /no readable file/},
  ...[['auth', /sandbox\.plugin: .*tandem\.auth, for auth; sandbox does not/,
       (text) => text.replace('plugin: jwt', 'plugin: sandbox')
           .replace(/options: \{alg.*/, 'options: {}')],
      ['storage', /sandbox\.plugin: .*tandem\.store, for storage; sandbox does not/,
       (text) => text.replace('plugin: sqlite, options: {path: "${FOLDER}/tandem.db"}',
                              'plugin: sandbox')],
      ['a channel', /el\.plugin: .*tandem\.channel, for channel of demo/,
       (text) => `${text.replace('{id: demo}', '{id: demo, channel: el}')}
providers: [{id: el, plugin: elevenlabs, options: {api_key: k, agent_id: agent_1}}]
`]].map(([what, says, change]) =>
    ({name: `Y17 a plugin that is nothing for ${what}`, settings: change(plain), exit: 78,
      environment: () => ({SECRET: good}), says})),
  ...[['account_sid', 'account_sid: XX123, auth_token: t', 'twilio', 54],
      ['validity_s', 'account_sid: AC1, auth_token: t, validity_s: 99999', 'twilio', 86],
      ['longest_call_s', 'api_key: k, agent_id: a, longest_call_s: 1', 'elevenlabs', 86]]
    .map(([option, options, provider, column]) =>
      ({name: `Y17 an option that only the plugin can judge: ${option}`, exit: 78,
        environment: () => ({SECRET: good}),
        settings: `${plain}providers:\n  - {id: one, plugin: ${provider}, options: {${options}}}\n`,
        says: new RegExp(`tandem\\.yaml:10:${column}: one\\.options\\.${option}: `)})),
  {name: 'Y17 an instance by the name of another', exit: 78, environment: () => ({SECRET: good}),
   settings: `${plain}providers:\n  - {id: jwt, plugin: sandbox}\n`,
   says: /tandem\.yaml:10:10: providers\[0\]\.id: .*`jwt` is there already/},
  {name: 'Y20 a mistake in a second place', settings: `${plain}log: {level: loud, formt: json}\n`,
   environment: () => ({SECRET: good}), exit: 78, says: /log\.formt: .*format/},
];

/** What a running gateway makes of a change: what it applies, and what it names instead. */
export const reloaded = [
  {name: 'Y20 the log level', change: (text) => text.replace('level: info', 'level: debug'),
   applied: 'log.level', successful: 1},
  {name: 'Y20 a key that takes a restart',
   change: (text) => text.replace('heartbeat_s: 1', 'heartbeat_s: 2'),
   says: /these settings take a restart.*"keys":"stream\.heartbeat_s"/, successful: 0},
  {name: 'Y20 a mistake: nothing is applied',
   change: (text) => text.replace('level: info', 'level: debug').replace('heartbeat_s: 1',
                                                                         'heartbeat_s: x'),
   says: /the new settings are wrong; the old ones stay in force.*stream\.heartbeat_s/,
   successful: 0},
  {name: 'Y20 a mistake in a plugin\'s options: nothing is applied',
   change: (text) => text.replace('level: info', 'level: debug').replace('delay_ms: 1',
                                                                         'delay_ms: soon'),
   says: /the new settings are wrong.*providers|options\.delay_ms/, successful: 0},
  {name: 'Y20 a mistake that only the plugin sees: nothing is applied',
   change: (text) => text.replace('level: info', 'level: debug').replace('delay_ms: 1',
                                                                         'delay_ms: 600001'),
   says: /the new settings are wrong.*sandbox\.options\.delay_ms/, successful: 0},
  {name: 'Y20 a provider\'s option', applied: 'providers[sandbox].options', successful: 1,
   change: (text) => text.replace('delay_ms: 1', 'delay_ms: 2')},
  {name: 'Y20 an organisation more', successful: 0,
   change: (text) => text.replace('organizations:', 'organizations:\n  - {id: third}'),
   says: /these settings take a restart.*"keys":"organizations\[third\]"/},
];
