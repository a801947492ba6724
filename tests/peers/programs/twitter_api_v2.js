// twitter-api-v2 for Node.js, told of the proxy by the setting it has for that: rules and streams of both protocols.

const { TwitterApi } = require("twitter-api-v2");
const { HttpsProxyAgent } = require("https-proxy-agent");

const say = (kind, value) => console.log(JSON.stringify({ kind, value }));
const settings = { httpAgent: new HttpsProxyAgent(process.env.HTTPS_PROXY) };

async function read(kind, stream) {
  let seen = 0;
  for await (const message of stream) {
    say(kind, message);
    if (++seen >= 10) break;
  }
  stream.close();
}

async function main() {
  const v2 = new TwitterApi(process.env.BEARER_TOKEN, settings).v2;
  await v2.updateStreamRules({ add: [{ value: "cat", tag: "pets" }] });
  say("rules", (await v2.streamRules()).data.map((rule) => rule.value));
  await read("filtered", await v2.searchStream({ expansions: ["author_id"] }));
  await read("sampled", await v2.sampleStream());
  const keys = {
    appKey: process.env.CONSUMER_KEY,
    appSecret: process.env.CONSUMER_SECRET,
    accessToken: process.env.ACCESS_TOKEN,
    accessSecret: process.env.ACCESS_TOKEN_SECRET,
  };
  await read("statuses", await new TwitterApi(keys, settings).v1.filterStream({ track: "cat" }));
  await new TwitterApi("wrong", settings).v2.sampleStream().catch((error) => say("error", error.code));
}

main().then(() => process.exit(0));
