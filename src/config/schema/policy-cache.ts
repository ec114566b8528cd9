import * as z from 'zod'
import { parseHeaderName } from '../values/header-field.ts'
import { keyed } from './keyed.ts'
import { duration, size } from './quantities.ts'
import { text } from './text.ts'

const header = text('a header name', parseHeaderName)
const parameters = z.array(z.string().min(1).max(256)).min(1).max(256)

const query = z
  .union([z.enum(['all', 'none']), keyed({ only: parameters }), keyed({ except: parameters })], {
    error: () => 'all, none, { only: [names] } or { except: [names] }',
  })
  .prefault('all')
  .describe('Parameters that count; the others are sent to no upstream either.')

const key = keyed({
  query,
  sort_query: z.boolean().prefault(false).describe('Whether the order of parameters means nothing.'),
  headers: z.array(header).max(32).prefault([]).describe('Header fields that count besides what Vary names.'),
  cookies: z
    .array(z.string().regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, 'not the name of a cookie'))
    .max(32)
    .prefault([])
    .describe('Cookies that count. With one, requests with cookies use the cache, and upstreams see no other cookie.'),
})

const window = () => duration({ min: '0s', max: '8760h' })

export const cache = keyed({
  enabled: z.boolean().prefault(true).describe('Whether answers are stored and used again.'),
  key: key.prefault({}).describe('What tells one answer from another, besides site, scheme, host and path.'),
  max_object: size('0B', '1TiB').prefault('64MiB').describe('The largest answer that is stored.'),
  stale_while_revalidate: window()
    .prefault('0s')
    .describe('How long a stale answer is used while it is asked for again, where it does not say.'),
  stale_if_error: window()
    .prefault('1h')
    .describe('How long a stale answer is used where nobody can deliver, where it does not say.'),
  heuristic: z.boolean().prefault(false).describe('Whether answers get a lifetime by their Last-Modified.'),
  request_directives: z
    .enum(['honour', 'ignore'])
    .prefault('honour')
    .describe('Whether Cache-Control of clients counts: no-cache, max-age, only-if-cached and the like.'),
  credentials: z
    .enum(['bypass', 'rfc'])
    .prefault('bypass')
    .describe('Requests with Cookie or Authorization: past the cache, or by RFC 9111 alone.'),
  set_cookie: z
    .enum(['never', 'explicit'])
    .prefault('never')
    .describe('explicit: answers with Set-Cookie are stored where they say how long they are fresh.'),
}).describe('The response cache.')
