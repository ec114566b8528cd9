import type { RequestCase } from './request-case.ts'
import { FIELD_CASES } from './request-cases-fields.ts'
import { FRAMING } from './request-cases-framing.ts'
import { LINE_CASES } from './request-cases-lines.ts'

/** The tables as one. The numbers are RFCs and their sections; names are public advisories and papers. */
export const REQUEST_CASES: readonly RequestCase[] = [...LINE_CASES, ...FRAMING, ...FIELD_CASES]
