// node fetch.mjs GATEWAY ROOT FILE unixfs|verified-fetch: fetches the file for each line that comes in, with a new node
// that remembers nothing, and answers with a line of JSON: bytes, seconds, and seconds of CPU.
import { createInterface } from 'node:readline'
import { withHTTP } from '@helia/http'
import { unixfs } from '@helia/unixfs'
import { createVerifiedFetch } from '@helia/verified-fetch'
import { createHeliaLight } from 'helia'
import { CID } from 'multiformats/cid'

const [gateway, root, file, client] = process.argv.slice(2)
// Helia 7.1 waits for ever where it has no router but those for the worst case.
const nobody = { name: 'nobody', async *findProviders() {} }
const http = { delegatedRouters: [], recursiveGateways: [gateway], allowInsecure: true, allowLocal: true }

async function body(helia) {
  if (client === 'unixfs') return unixfs(helia).cat(CID.parse(file))
  const fetch = await createVerifiedFetch(helia)
  const answer = await fetch(`ipfs://${root}/file.bin`)
  if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`)
  return answer.body
}

console.log('ready')
for await (const _ of createInterface({ input: process.stdin })) {
  const began = performance.now()
  const before = process.cpuUsage()
  const helia = await withHTTP(createHeliaLight({ routers: [nobody] }), http).start()
  let bytes = 0
  for await (const chunk of await body(helia)) bytes += chunk.length
  await helia.stop()
  const { user, system } = process.cpuUsage(before)
  console.log(JSON.stringify({ bytes, seconds: (performance.now() - began) / 1000, cpu: (user + system) / 1e6 }))
}
