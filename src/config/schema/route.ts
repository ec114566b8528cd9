import * as z from 'zod'
import { compileHeaderGlob } from '../values/header-glob.ts'
import { compilePathGlob } from '../values/path-glob.ts'
import { headerKey } from './headers.ts'
import { keyed } from './keyed.ts'
import { name } from './names.ts'
import { notYet } from './not-yet.ts'
import { network } from './places.ts'
import { pattern, text } from './text.ts'

const pathGlob = text('a path pattern that begins with /, such as /assets/*', compilePathGlob)

const headerGlob = text('a header pattern such as image/*, without commas', compileHeaderGlob)

const method = pattern('an upper-case method such as GET', /^[A-Z][A-Z0-9_-]{0,31}$/)

const continent = z.enum(['AF', 'AN', 'AS', 'EU', 'NA', 'OC', 'SA'])

const match = keyed({
  path: pathGlob.optional().describe('`*` within a segment, `**` for whole segments, `/*` at the end for all below.'),
  methods: z.array(method).prefault([]).describe('One of these methods.'),
  countries: notYet(z.array(z.string()).describe('Countries of the client.'), []).prefault([]),
  continents: notYet(z.array(continent).describe('Continents of the client.'), []).prefault([]),
  asns: notYet(z.array(z.int()).describe('Networks of the client, by AS number.'), []).prefault([]),
  networks: z.array(network).prefault([]).describe('The client address is in one of these networks.'),
  headers: z.record(headerKey, headerGlob).prefault({}).describe('All of these header fields are there and fit.'),
})

export const route = keyed({
  name: name.optional().describe('Names the route in logs and metrics; default its position.'),
  match: match.prefault({}).describe('What a request must be; empty: anything.'),
  policy: name.describe('The policy that its requests follow.'),
})
