// Asks the simulator through Vercel's own client and prints, for each call, what the client makes of the answer.
// Usage: node vercel_client.mjs <folder with node_modules>; each line of standard input is [server, token, calls].
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";

const entry = createRequire(`${process.argv[2]}/x.js`).resolve("@vercel/sdk");
const { Vercel } = await import(pathToFileURL(entry).href);
for await (const line of createInterface({ input: process.stdin })) {
  const [serverURL, bearerToken, calls] = JSON.parse(line);
  const client = new Vercel({ serverURL, bearerToken, retryConfig: { strategy: "none" } });
  const found = [];
  for (const [topic, operation, request] of calls) {
    try {
      found.push({ answer: (await client[topic][operation](request)) ?? null });
    } catch (error) {
      const cause = error.cause?.issues ?? error.pretty?.() ?? error.message;
      found.push({ error: error.name, status: error.statusCode ?? null, said: JSON.stringify(cause).slice(0, 4000) });
    }
  }
  process.stdout.write(JSON.stringify(found) + "\n");
}
