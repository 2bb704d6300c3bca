// Loaded before a bot, with the simulated Teams in the place of Microsoft's cloud: the SDK asks Microsoft for tokens and
// for keys, at addresses that must be https. The bot itself knows nothing of it.
"use strict";

const { createRequire } = require("node:module");

const cloud = JSON.parse(process.env.SIMULATED_CLOUD);
const sdk = createRequire(createRequire(`${process.cwd()}/bot.js`).resolve("@microsoft/agents-hosting"));

class SimulatedLogin {
  async acquireTokenByClientCredential() {
    const body = new URLSearchParams({
      grant_type: "client_credentials",
      client_id: cloud.app_id,
      client_secret: cloud.client_secret,
      scope: cloud.bot_scope,
    });
    const token = await (await fetch(cloud.token_url, { method: "POST", body })).json();
    return { accessToken: token.access_token, expiresOn: new Date(Date.now() + token.expires_in * 1000) };
  }
}

function replace(name, change) {
  const found = sdk(name);
  sdk.cache[sdk.resolve(name)].exports = change(found);
}

replace("@azure/msal-node", (msal) => ({ ...msal, ConfidentialClientApplication: SimulatedLogin }));
replace("jwks-rsa", (client) => (options) => client({ ...options, jwksUri: cloud.keys_url }));
