// Makes the calls that come as lines of JSON, {"method": ..., "arguments": [...]}, one after the other. The line for
// each says what its promise came to, `value` or `error`, and what its callback was given, `heard`.
"use strict";

const readline = require("readline");
const CleverTap = require("clevertap");

console.log = console.error;

const client = CleverTap.init(process.env.PERSONAE_PROJECT, process.env.PERSONAE_PASSCODE, CleverTap.REGIONS.EUROPE);

async function answer(call) {
  let heard = null;
  const listen = (result) => {
    heard = result;
  };
  try {
    const value = await client[call.method](...call.arguments, listen);
    return { value, heard };
  } catch (error) {
    return { error: String(error), heard };
  }
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`);
  }
})();
