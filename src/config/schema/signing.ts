import * as z from 'zod'
import type { SigningType } from '../../signing/index.ts'
import { type KeyForm, parseSigningKey } from '../values/signing-key.ts'
import { keyed } from './keyed.ts'
import { filePath } from './names.ts'
import { duration } from './quantities.ts'
import { pattern, text } from './text.ts'

const ttl = duration({ min: '10s', max: '168h' })
  .prefault('1h')
  .describe('How long a link lives, give or take a tenth.')

const scope = z
  .enum(['url', 'directory'])
  .prefault('url')
  .describe('What a link opens: its URL, or the folder of it and everything below.')

const bindIp = z.boolean().prefault(false).describe('Whether a link works for the address of its client only.')

const parameter = (preset: string) =>
  pattern('the name of a query parameter', /^[A-Za-z0-9_.-]{1,64}$/)
    .prefault(preset)
    .describe('The query parameter that carries the token.')

/** What is wrong is never repeated, wherever it came from: it may be the secret but for a space. */
const secret = (expected: string, form: KeyForm) =>
  text<Buffer>(expected, (input) => parseSigningKey(input, form) ?? { refused: `expected ${expected}`, whole: true })

const cloudfront = keyed({
  type: z.literal('cloudfront'),
  ttl,
  scope,
  bind_ip: bindIp,
  key_pair_id: pattern('the id of a public key in CloudFront', /^[A-Za-z0-9]{4,64}$/).describe('Key-Pair-Id.'),
  key_file: filePath.describe('PEM file of the RSA private key, 2048 bits or more.'),
  hash: z.enum(['sha1', 'sha256']).prefault('sha1').describe('The hash that is signed.'),
})

const fastly = keyed({
  type: z.literal('fastly'),
  ttl,
  key: secret('a key in base64, of 16 bytes or more', 'base64').describe('As it stands in the VCL, base64.'),
  parameter: parameter('token'),
  covers: z.enum(['url', 'path']).prefault('url').describe('What the VCL signs: path and query, or the path alone.'),
})

const bunny = keyed({
  type: z.literal('bunny'),
  ttl,
  scope,
  bind_ip: bindIp,
  key: secret('a key of 8 to 1024 visible ASCII characters', 'text').describe('The URL token authentication key.'),
  hash: z.enum(['hmac-sha256', 'sha256']).prefault('hmac-sha256').describe('sha256: the tokens before 2026.'),
})

const akamai = keyed({
  type: z.literal('akamai'),
  ttl,
  scope,
  bind_ip: bindIp,
  key: secret('a key of 32 to 128 hexadecimal digits, an even number', 'hex').describe(
    'The encryption key, hexadecimal.',
  ),
  algorithm: z.enum(['sha256', 'sha1']).prefault('sha256').describe('The hash of the HMAC.'),
  parameter: parameter('__token__'),
  escape: z.boolean().prefault(true).describe('Escape token input, as in the property.'),
  salt: secret('a salt of 1 to 128 visible ASCII characters, without ~', 'salt')
    .optional()
    .describe('The salt, where the property has one.'),
  acl: z
    .array(pattern('a path pattern such as /videos/*, without ~ and !', /^\/[\x22-\x7d]{0,1023}$/))
    .max(16)
    .prefault([])
    .describe('What a link opens, instead of `scope`.'),
  start: z.boolean().prefault(false).describe('Whether a link says when it begins.'),
})

const google = keyed({
  type: z.literal('google'),
  ttl,
  scope,
  key_name: pattern('the name of a key in Cloud CDN', /^[A-Za-z0-9_-]{1,63}$/).describe('KeyName.'),
  key: secret('a key of 16 bytes in base64', 'base64-16').describe('The key, base64 or base64url.'),
})

const BY_TYPE = { cloudfront, fastly, bunny, akamai, google } as const satisfies Record<SigningType, z.ZodType>

/** Signed URLs, by the network that has to believe them. */
export const signing = z
  .discriminatedUnion(
    'type',
    Object.values(BY_TYPE) as [typeof cloudfront, typeof fastly, typeof bunny, typeof akamai, typeof google],
    {
      error: ({ code }) => (code === 'invalid_union' ? `one of ${Object.keys(BY_TYPE).join(', ')}` : undefined),
    },
  )
  .describe('How URLs of this CDN are signed.')
