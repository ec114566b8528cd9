import * as z from 'zod'
import { keyed } from './keyed.ts'
import { filePath } from './names.ts'
import { notYet } from './not-yet.ts'
import { duration, size } from './quantities.ts'

export const cache = keyed({
  memory: size('0B', '1TiB').prefault('256MiB').describe('Memory for answers, all processes together.'),
  disk: keyed({
    path: filePath.nullable().prefault(null).describe('A folder of its own for answers on disk; null: none.'),
    size: size('1MiB', '1024TiB').prefault('10GiB').describe('What answers on disk may take.'),
  })
    .prefault({})
    .describe('What survives a restart.'),
})

export const limits = keyed({
  headers: size('1KiB', '1MiB').prefault('16KiB').describe('All header fields of a request together.'),
  header_count: z.int().min(1).max(10_000).prefault(100).describe('Header fields of a request.'),
  uri: size('64B', '1MiB').prefault('8KiB').describe('The request target.'),
  body: size('0B', '1024TiB').prefault('1GiB').describe('A request body.'),
  header_timeout: duration({ min: '100ms' }).prefault('10s').describe('Until a request header is complete.'),
  idle_timeout: duration({ min: '100ms' }).prefault('75s').describe('How long an idle client connection is kept.'),
  send_timeout: duration({ min: '100ms' })
    .prefault('60s')
    .describe('How long a client may take nothing of what waits for it.'),
  body_min_rate: size('0B', '1GiB')
    .prefault('240B')
    .describe('The least of a request body a second, after 30 s of waiting for it; 0: any.'),
  connections: z.int().min(1).max(10_000_000).prefault(20_000).describe('Client connections at a time.'),
  connections_per_address: z.int().min(1).max(10_000_000).prefault(256).describe('The same, of one client address.'),
})

/** Longest together, main.ts waits a little longer than that. */
export const shutdown = keyed({
  delay: duration({ min: '0ms', max: '1m' })
    .prefault('0ms')
    .describe('How long connections are still accepted after /readyz has turned 503.'),
  timeout: duration({ min: '1s', max: '5m' }).prefault('30s').describe('How long running requests get after that.'),
})

export const otel = keyed({
  endpoint: notYet(z.string().nullable().describe('Where traces go.'), null).prefault(null),
  sample_percent: z.number().min(0).max(100).prefault(1).describe('How many requests are traced.'),
})

export const log = keyed({
  level: z.enum(['debug', 'info', 'warn', 'error']).prefault('info').describe('The least level that is written.'),
  format: z.literal('json').prefault('json').describe('How a line is written.'),
  access: z.boolean().prefault(true).describe('One line a request.'),
  client_ip: z
    .enum(['full', 'truncated', 'none'])
    .prefault('truncated')
    .describe('How client addresses appear; truncated: /24 and /48.'),
})
