import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'

/**
 * A loopback port that the operating system lets us bind, for a program that cannot be told to listen on port 0 or
 * that must come back on the same port. It lies below the range for outgoing connections: a port in that range may be
 * taken by anyone's connection while its server is down, and a client that dials it can even connect to itself.
 */
export async function freePort(): Promise<number> {
  const below = firstEphemeralPort()
  for (let tries = 0; tries < 200; tries++) {
    const port = randomInt(Math.max(1024, below - 16_000), below)
    if (await canBind(port)) return port
  }
  throw new Error('no free port')
}

async function canBind(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    server.close()
    await once(server, 'close')
    return true
  } catch {
    return false
  }
}

function firstEphemeralPort(): number {
  try {
    const first = Number.parseInt(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'), 10)
    return first >= 4096 ? first : 32_768
  } catch {
    return 32_768
  }
}
