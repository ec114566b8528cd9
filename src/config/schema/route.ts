import * as z from 'zod'
import { compileHeaderGlob } from '../values/header-glob.ts'
import { compilePathGlob } from '../values/path-glob.ts'
import { headerKey } from './headers.ts'
import { keyed } from './keyed.ts'
import { name } from './names.ts'
import { countryCode, network } from './places.ts'
import { pattern, text } from './text.ts'

const pathGlob = text('a path pattern that begins with /, such as /assets/*', compilePathGlob)

const headerGlob = text('a header pattern such as image/*, without commas', compileHeaderGlob)

const method = pattern('an upper-case method such as GET', /^[A-Z][A-Z0-9_-]{0,31}$/)

const continent = z.enum(['AF', 'AN', 'AS', 'EU', 'NA', 'OC', 'SA'])

/** RFC 6793: 32 bits; 0 is nobody's (RFC 7607). */
const asn = z.int().min(1).max(4_294_967_295)

const match = keyed({
  path: pathGlob.optional().describe('`*` within a segment, `**` for whole segments, `/*` at the end for all below.'),
  methods: z.array(method).prefault([]).describe('One of these methods.'),
  countries: z
    .array(countryCode)
    .prefault([])
    .describe('The client is in one of these countries (ISO 3166-1 alpha-2).'),
  continents: z.array(continent).prefault([]).describe('The client is on one of these continents.'),
  asns: z.array(asn).prefault([]).describe('The client is in the network of one of these AS numbers.'),
  networks: z.array(network).prefault([]).describe('The client address is in one of these networks.'),
  headers: z.record(headerKey, headerGlob).prefault({}).describe('All of these header fields are there and fit.'),
})

export const route = keyed({
  name: name.optional().describe('Names the route in logs and metrics; default its position.'),
  match: match.prefault({}).describe('What a request must be; empty: anything.'),
  policy: name.describe('The policy that its requests follow.'),
})
