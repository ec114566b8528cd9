import * as z from 'zod'
import { ENCODINGS } from '../../compression/encoding.ts'
import { MEDIA_TYPE } from '../../compression/media-types.ts'
import { keyed } from './keyed.ts'
import { size } from './quantities.ts'
import { pattern } from './text.ts'

const TYPES = ['text/*', 'application/javascript', 'application/json', 'image/svg+xml']

export const compress = keyed({
  encodings: z
    .array(z.enum(ENCODINGS))
    .prefault(['br', 'gzip'])
    .describe('Codings of our own, the most wanted first; none: nothing is compressed here.'),
  types: z
    .array(pattern('a media type such as text/html or text/*', MEDIA_TYPE))
    .max(100)
    .prefault(TYPES)
    .describe('Media types that are compressed. Patterns do not mean text/event-stream.'),
  min_size: size('0B', '1TiB').prefault('1KiB').describe('Shorter answers stay as they are.'),
}).describe('Compression towards the client, of what came uncompressed.')
