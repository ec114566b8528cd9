import * as z from 'zod'
import { type Address, parseAddress } from '../../geo/address.ts'
import { SUPPOSITIONS, type Supposition } from '../../steering/given.ts'
import { REASONS, REJECTION_REASONS } from '../../steering/reasons.ts'
import { headerKey, headerValue } from './headers.ts'
import { keyed } from './keyed.ts'
import { host, NAME, name } from './names.ts'
import { distance } from './quantities.ts'
import { pattern, text } from './text.ts'

const address = text<Address>('an IP address such as 81.2.69.142', (input) =>
  typeof input === 'string' ? (parseAddress(input) ?? undefined) : undefined,
)

const title = pattern('a title of at most 200 characters, on one line', /^[^\p{Cc}]{1,200}$/u)
const path = pattern('a path that begins with /', /^\//)
const method = pattern('an upper-case method such as GET', /^[A-Z][A-Z0-9_-]{0,31}$/)

/** One value, or a list of them. */
function some<T extends z.ZodType>(schema: T, what: string) {
  return z.union([schema.transform((value) => [value]), z.array(schema).min(1)], { error: () => what })
}

const names = some(name, 'a name, or a list of names')
const reasons = some(z.enum(REASONS), 'a reason, or a list of reasons')

/** Names of CDNs, or URLs of their endpoints. */
const supposed = z.array(z.string()).prefault([])

const given = keyed(
  Object.fromEntries(SUPPOSITIONS.map((state) => [state, supposed])) as Record<Supposition, typeof supposed>,
)

const expectation = keyed({
  cdn: names.optional().describe('Who is asked first: this one, or one of these; origin, or none.'),
  not: names.optional().describe('None of these is asked first.'),
  candidates: z.array(name).min(1).optional().describe('The first candidates, in this order.'),
  reason: reasons.optional().describe('Why the first one is the first; or one of these.'),
  rejected: z
    .record(z.string().regex(NAME, 'not the name of a CDN'), z.enum(REJECTION_REASONS))
    .optional()
    .describe('CDNs that are no candidates, and why.'),
  site: name.optional().describe('The site.'),
  route: z.string().optional().describe('The route, by its name, or its position as in routes[0].'),
  policy: name.optional().describe('The policy.'),
  status: z.int().min(300).max(599).optional().describe('What the gateway answers by itself: a redirect, a refusal.'),
  within: distance().optional().describe('The first candidate is at most so far away.'),
})

export const steeringTest = keyed({
  name: title.optional().describe('What it is about; default its position.'),
  client_ip: address.describe('Where the client is.'),
  host: host.describe('The host that it asks for.'),
  path: path.prefault('/').describe('The path that it asks for.'),
  method: method.prefault('GET').describe('Its method.'),
  headers: z.record(headerKey, headerValue).prefault({}).describe('Header fields that it sends.'),
  given: given.prefault({}).describe('What is supposed of CDNs; all others are well.'),
  expect: expectation.describe('What must come of it, whatever chance says.'),
})
