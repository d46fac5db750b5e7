// SPDX-License-Identifier: Apache-2.0
// Runs in: tests.  Checks stored requests by a library that knows nothing of
// Sluice: node check.mjs PUBLIC-KEY FILE...; a line "good" or "refused" each.
import crypto from 'node:crypto';
import fs from 'node:fs';
import signatures from 'http-message-signatures';

const { httpbis, createVerifier } = signatures;
const key = crypto.createPublicKey(fs.readFileSync(process.argv[2]));
const verify = createVerifier(key, 'ecdsa-p256-sha256');

async function judge(bytes) {
  const end = bytes.indexOf('\r\n\r\n');
  const [first, ...lines] = bytes.subarray(0, end).toString().split('\r\n');
  const [method, target] = first.split(' ');
  const headers = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  const digest = crypto.createHash('sha256').update(bytes.subarray(end + 4));
  if (headers['content-digest'] !== `sha-256=:${digest.digest('base64')}:`)
    return false;
  return httpbis.verifyMessage({
    keyLookup: async ({ keyid, tag }) => tag !== 'sluice' ? null :
      { id: keyid, algs: ['ecdsa-p256-sha256'], verify },
    requiredFields: ['@method', '@target-uri', 'content-digest',
      'content-type', 'sluice-records'],
    requiredParams: ['created', 'keyid', 'tag'],
  }, { method, url: `https://${headers.host}${target}`, headers });
}

for (const file of process.argv.slice(3)) {
  let good = false;
  try {
    good = await judge(fs.readFileSync(file)) === true;
  } catch (error) {
    console.error(`${file}: ${error.message}`);
  }
  console.log(good ? 'good' : 'refused');
}
