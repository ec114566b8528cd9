import * as z from 'zod'
import { parseHeaderName, parseHeaderValue } from '../values/header-field.ts'
import { keyed } from './keyed.ts'
import { text } from './text.ts'

const headerName = text('a header name', parseHeaderName)

/** A header name as a key: keys stay text, `compile` makes them lower-case. */
export const headerKey = z.string().superRefine((input, context) => {
  const name = parseHeaderName(input)
  if (typeof name === 'string') return
  context.addIssue({ code: 'custom', message: name === undefined ? 'not a header name' : name.refused })
})

export const headerValue = text('a header value: a string without line breaks or outer spaces', parseHeaderValue)

const headerEdit = keyed({
  set: z.record(headerKey, headerValue).prefault({}).describe('Header fields to set, after `remove`.'),
  remove: z.array(headerName).prefault([]).describe('Header fields to remove.'),
})

export const headerRules = keyed({
  request: headerEdit.prefault({}).describe('Fields of requests, on their way upstream.'),
  response: headerEdit.prefault({}).describe('Fields of responses, on their way to the client.'),
})
