// Calls of the official TypeScript SDK: reads them as JSON from standard input, prints each one's outcome as JSON.
// It runs in the folder where the packages are. The SDK takes no proxy from the environment, but an agent of undici.
const { createRequire } = require("node:module");
const { text } = require("node:stream/consumers");

const installed = createRequire(`${process.cwd()}/`);
const Anthropic = installed("@anthropic-ai/sdk");
const { ProxyAgent } = installed("undici");

const all = async (items) => {
  const found = [];
  for await (const item of items) found.push(item);
  return found;
};

const calls = {
  create: (client, given) => client.messages.create(given),
  stream: (client, given) => client.messages.stream(given).finalMessage(),
  count: (client, given) => client.messages.countTokens(given),
  batch: (client, given) => client.messages.batches.create(given),
  results: async (client, { of }) => all(await client.messages.batches.results(of)),
  upload: async (client, { name, text }) =>
    client.files.upload({ file: await Anthropic.toFile(Buffer.from(text), name, { type: "text/plain" }) }),
  download: async (client, { of }) => (await client.files.download(of)).text(),
  models: async (client) => (await all(client.models.list())).map((model) => model.id),
};

async function outcome(client, call) {
  try {
    return { ok: await calls[call.do](client, call.with) };
  } catch (error) {
    if (!(error instanceof Anthropic.APIError)) throw error;
    const told = error.error?.error ?? {};
    return { error: error.constructor.name, status: error.status ?? null, type: told.type ?? null, message: told.message ?? null };
  }
}

async function main() {
  const asked = JSON.parse(await text(process.stdin));
  const proxy = asked.proxy ? { fetchOptions: { dispatcher: new ProxyAgent(asked.proxy) } } : {};
  const client = new Anthropic({ baseURL: asked.base_url ?? undefined, authToken: asked.token, ...proxy });
  const outcomes = [];
  for (const call of asked.calls) outcomes.push(await outcome(client, call));
  console.log(JSON.stringify(outcomes));
}

main();
