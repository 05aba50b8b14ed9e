// A certified OpenID Connect provider on loopback. The first line on standard input says how it is set up, each further
// line changes what it knows; every line is answered by one on standard output.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:https';
import { createInterface } from 'node:readline';
import Provider from 'oidc-provider';
import MemoryAdapter from 'oidc-provider/lib/adapters/memory_adapter.js';

// Standard output is for answers alone.
console.log = console.error;
console.info = console.error;

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const read = async () => {
  const { value, done } = await lines.next();
  if (done) process.exit(0);
  return JSON.parse(value);
};
const tell = (told) => process.stdout.write(`${JSON.stringify(told)}\n`);

const setting = await read();
let { people } = setting;
let provider;
let consumed = 0;

const server = createServer({ key: setting.key, cert: setting.certificate }, (request, response) => {
  provider.callback()(request, response);
});
await new Promise((listening) => { server.listen(0, '127.0.0.1', listening); });
const issuer = `https://127.0.0.1:${server.address().port}`;

function key(alg, kind, options) {
  const { privateKey } = generateKeyPairSync(kind, options);
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg };
}

// A provider that signs with new keys. What the one before kept is kept on: this adapter's memory is the process's.
function begin() {
  provider = new Provider(issuer, {
    adapter: (model) => new MemoryAdapter(model),
    clients: [{
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
      response_types: ['code'],
      ...setting.client,
    }],
    claims: { openid: ['sub'], profile: ['name', 'groups'], email: ['email', 'email_verified'] },
    cookies: { keys: [setting.cookie_key] },
    features: { deviceFlow: { enabled: true }, devInteractions: { enabled: true }, jwtUserinfo: { enabled: true } },
    findAccount: (_, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
    jwks: { keys: [key('RS256', 'rsa', { modulusLength: 2048 }), key('ES256', 'ec', { namedCurve: 'P-256' })] },
    pkce: { required: () => true },
    rotateRefreshToken: true,
  });
  provider.on('refresh_token.consumed', () => { consumed += 1; });
}

begin();
tell({ issuer });
for (;;) {
  const asked = await read();
  if (asked.people) people = asked.people;
  if (asked.rotate) begin();
  tell({ consumed });
}
