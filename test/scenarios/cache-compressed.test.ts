import { randomBytes } from 'node:crypto'
import t from 'tap'
import type { Encoding } from '../../src/compression/encoding.ts'
import { MediaTypes } from '../../src/compression/media-types.ts'
import { get } from '../helpers/http.ts'
import { answer } from '../helpers/misbehaviour.ts'
import { rawClient } from '../helpers/raw-client.ts'
import { until } from '../helpers/wait.ts'
import { cachingPolicy } from '../http/support/caching.ts'
import { doorTo } from '../http/support/door.ts'

/** Hardly smaller when compressed: more than a socket takes at once. */
const TEXT = randomBytes(500_000).toString('hex')
const FIELDS = { 'cache-control': 'max-age=600', 'content-type': 'text/plain' }
const compress = { encodings: ['gzip'] as Encoding[], types: new MediaTypes(['text/plain']), minSize: 1 } as const

t.test('what is stored is compressed as fast as its client reads, and no longer for one who has left', async (t) => {
  const { url, port, services } = await doorTo(t, () => answer(200, TEXT, FIELDS), {}, cachingPolicy({}, { compress }))
  const ask = async (path: string) => {
    t.equal((await get(url + path)).body.length, TEXT.length)
    const client = await rawClient(t, { port })
    const { host } = new URL(url)
    client.send(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\naccept-encoding: gzip\r\nconnection: close\r\n\r\n`)
    await client.received('content-encoding: gzip')
    return client
  }
  const client = await ask('/read')
  t.equal(await client.ended(), 'fin')
  t.match(client.text.slice(0, 2000), /cache-status: polycdn; hit/)
  await until(() => services.encoders.busy === 0)
  const leaver = await ask('/left')
  leaver.reset()
  await until(() => services.encoders.busy === 0, { what: () => 'the end of the encoder' })
})
