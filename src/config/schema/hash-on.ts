import * as z from 'zod'
import { parseFieldName } from '../values/header-field.ts'
import { keyed } from './keyed.ts'
import { text } from './text.ts'

/** What strategy `hash` looks at; the header by its lower-case name. */
export const hashOn = z
  .union([z.enum(['path', 'client-network']), keyed({ header: text('a header name', parseFieldName) })], {
    error: () => 'path, client-network or { header: … }',
  })
  .describe('What strategy hash looks at: the path, the network of the client, or a header.')
