import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { loadConfig } from '../config/load.ts'
import type { Endpoint, Snapshot } from '../config/snapshot.ts'
import { ConfigRejected } from '../gateway/config-rejected.ts'
import { DemoEdge } from './demo-edge.ts'
import { DemoIpfsGateway } from './demo-ipfs.ts'
import { run } from './serve.ts'
import type { Command } from './shell.ts'

const CONFIG = fileURLToPath(new URL('../../config.example.yaml', import.meta.url))

/** Addresses that the bundled table places near London and Tokyo. */
const LONDON = '81.2.69.142'
const TOKYO = '133.242.0.1'

/** Where the example has its tree of IPFS. */
const IPFS_HOST = 'ipfs.localhost'

/** `polycdn demo`: config.example.yaml with a server at each address that it names, on loopback. */
export const demo: Command = async (args, shell) => {
  parseArgs({ args, options: {} })
  const loaded = await loadConfig(CONFIG, shell.env)
  if ('problems' in loaded) throw new ConfigRejected(loaded.problems)
  const servers: { close(): void }[] = []
  const closeServers = () => {
    for (const server of servers) server.close()
  }
  try {
    const liar = loaded.snapshot.endpoints.find(isIpfs)
    for (const endpoint of loaded.snapshot.endpoints) servers.push(await startServer(endpoint, endpoint === liar))
    const gateway = await run(CONFIG, shell)
    for (const line of welcome(loaded.snapshot, gateway.addresses[0]!, gateway.adminAddress)) shell.out(line)
  } catch (error) {
    closeServers()
    throw error
  }
  shell.onClose(async () => closeServers())
  return null
}

function startServer(endpoint: Endpoint, lies: boolean): Promise<{ close(): void }> {
  const { hostname: host, port } = new URL(endpoint.origin)
  const address = { host, port: Number(port) }
  if (isIpfs(endpoint)) return DemoIpfsGateway.start(address, lies)
  return DemoEdge.start({ name: endpoint.cdnName, ...address })
}

function isIpfs({ cdn }: Endpoint): boolean {
  return cdn?.provider === 'ipfs'
}

function welcome({ endpoints }: Snapshot, address: string, admin: string): string[] {
  const nearest = endpoints.find(({ cdnName }) => cdnName === 'frankfurt') ?? endpoints[0]!
  const visit = (from: string) => `curl -s -H 'X-Forwarded-For: ${from}' http://${address}/`
  const ipfs = `curl -s -H 'Host: ${IPFS_HOST}' -H 'X-Forwarded-For: ${LONDON}' http://${address}`
  return [
    '',
    `polycdn runs at http://${address} in front of ${endpoints.length} demo servers:`,
    '',
    ...endpoints.toSorted((a, b) => Number(a.cdn === null) - Number(b.cdn === null)).map(describe),
    '',
    'Try, in another terminal:',
    '',
    '  # a visitor from London gets the edge in Frankfurt',
    `  ${visit(LONDON)}`,
    '  # a visitor from Tokyo gets the edge in Singapore',
    `  ${visit(TOKYO)}`,
    '  # the nearest edge dies for 20 seconds: London is served by the next one',
    `  curl -s -X POST ${nearest.origin}/demo/outage; ${visit(LONDON)}`,
    '  # what happened, in numbers',
    `  curl -s http://${admin}/metrics | grep -E 'polycdn_(requests|failovers)_total'`,
    '  # from IPFS: the nearest gateway lies in the middle of this file. What you get is right, from the other one on',
    `  ${ipfs}/lines.txt | tail -n 1`,
    '  # the lie, in numbers: caught, and its endpoint ejected for six hours',
    `  curl -s http://${admin}/metrics | grep -E 'polycdn_(attempts|endpoint_ejections)_total.*planet'`,
    '',
    'Ctrl-C stops it. One line of JSON follows for each request.',
    '',
  ]
}

function describe({ cdnName, origin, locations: [place] }: Endpoint): string {
  const where = place === undefined ? '' : `${place.latitude.toFixed(1)}, ${place.longitude.toFixed(1)}`
  return `  ${cdnName.padEnd(12)} ${where.padEnd(14)} ${origin}`
}
