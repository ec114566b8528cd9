import type { RequestCase } from './request-case.ts'
import { FRAMING } from './request-cases-framing.ts'

/** The tables as one. The numbers are RFCs and their sections; names are public advisories and papers. */
export const REQUEST_CASES: readonly RequestCase[] = [...FRAMING]
