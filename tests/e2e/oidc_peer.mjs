// An identity provider of somebody else (oidc-provider, certified by the OpenID Foundation), for one client: Safecare at BACK.
// Usage: node oidc_peer.mjs BACK. Says `ready PORT`, and what went wrong.
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const here = createRequire(new URL("../../web/package.json", import.meta.url));
const { Provider } = await import(pathToFileURL(here.resolve("oidc-provider")));
const [back] = process.argv.slice(2);
const GROUPS = { ada: ["security"], bob: ["kitchen"] };

const server = createServer().listen(0, "localhost", () => {
  const { port } = server.address();
  const provider = new Provider(`http://localhost:${port}`, {
    clients: [
      {
        client_id: "safecare",
        client_secret: "the password of this client",
        redirect_uris: [`${back}/oidc/callback`],
        post_logout_redirect_uris: [`${back}/`],
        backchannel_logout_uri: `${back}/oidc/signed-out`,
      },
    ],
    claims: { openid: ["sub"], profile: ["name", "groups"] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, name: `Person ${id}`, groups: GROUPS[id] ?? [] }) }),
    features: { backchannelLogout: { enabled: true } },
    fetch: (url, { dispatcher, ...options }) => fetch(url, options), // its own would not call an address of this machine
    pkce: { required: () => true },
    cookies: { keys: ["only for tests"] },
  });
  for (const event of ["server_error", "authorization.error", "grant.error", "backchannel.error"])
    provider.on(event, (_, error) => console.log(event, error.message, error.error_description ?? ""));
  server.on("request", provider.callback());
  console.log("ready", port);
});
