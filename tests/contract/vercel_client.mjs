// Asks the simulator through Vercel's own client and prints, for each call, what the client makes of the answer.
// Usage: node vercel_client.mjs <folder with node_modules> <server> <token> <calls as JSON>
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [folder, serverURL, bearerToken, calls] = process.argv.slice(2);
const entry = createRequire(`${folder}/x.js`).resolve("@vercel/sdk");
const { Vercel } = await import(pathToFileURL(entry).href);
const client = new Vercel({ serverURL, bearerToken, retryConfig: { strategy: "none" } });
const found = [];
for (const [topic, operation, request] of JSON.parse(calls)) {
  try {
    found.push({ answer: (await client[topic][operation](request)) ?? null });
  } catch (error) {
    const cause = error.cause?.issues ?? error.pretty?.() ?? error.message;
    found.push({ error: error.name, status: error.statusCode ?? null, said: JSON.stringify(cause).slice(0, 4000) });
  }
}
process.stdout.write(JSON.stringify(found));
