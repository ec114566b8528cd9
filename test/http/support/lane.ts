import type { Test } from 'tap'
import type { Policy } from '../../../src/config/snapshot.ts'
import { type RawClient, rawClient } from '../../helpers/raw-client.ts'
import { until } from '../../helpers/wait.ts'
import { cachingPolicy } from './caching.ts'
import { type DoorWithUpstream, doorTo } from './door.ts'

export function answer(content: string, fields = 'Cache-Control: max-age=1000'): string {
  return `HTTP/1.1 200 OK\r\n${fields}\r\nContent-Length: ${content.length}\r\n\r\n${content}`
}

export function get(path = '/', ...fields: string[]): string {
  return [`GET ${path} HTTP/1.1`, 'Host: a.test', ...fields, '', ''].join('\r\n')
}

interface Stored {
  readonly of?: Parameters<typeof doorTo>[2]
  readonly policy?: Policy
  /** What other paths wait for. */
  readonly late?: Promise<void>
}

/** A gateway that has stored `/`; every other path is answered with its own name, and not stored. */
export async function storedDoor(
  t: Test,
  content: string,
  { of, policy, late }: Stored = {},
): Promise<DoorWithUpstream> {
  const script = ({ target }: { target: string }) => {
    if (target === '/') return [answer(content)]
    return [late ?? Promise.resolve(), answer(`this is ${target}`, 'Cache-Control: no-store')]
  }
  const door = await doorTo(t, script, of, policy ?? cachingPolicy())
  const client = await rawClient(t, door)
  client.send(get())
  await client.responses(1)
  client.close()
  await until(() => door.services.cache.memory.size === 1, { what: 'the answer to be stored' })
  return door
}

/** Whether what a client has sent so far was read. */
export async function arrived(t: Test, door: DoorWithUpstream, client: RawClient): Promise<void> {
  const other = await rawClient(t, door)
  await new Promise((resolve) => client.socket.write('', resolve))
  other.send(get())
  await other.responses(1)
  other.close()
}
