import * as z from 'zod'
import { isRefusal, type Refusal } from '../values/refusal.ts'

/** What a failed text says about itself: `explain` turns it into a sentence. */
export interface TextParams {
  /** What was expected, with an article: `a duration such as 10s`. */
  readonly expected: string
  /** The message says more than `expected`. */
  readonly refused: boolean
  /** Names to suggest the nearest of. */
  readonly names?: readonly string[]
  /** The message is a whole sentence that repeats the text. */
  readonly whole?: boolean
}

/**
 * A scalar with a meaning of its own: `parse` gives the value, undefined when it is something else altogether, or a
 * Refusal. `json` describes the input for editors.
 */
export function text<T>(
  expected: string,
  parse: (input: unknown) => T | Refusal | undefined,
  json: z.core.JSONSchema.BaseSchema = { type: 'string' },
) {
  return z
    .unknown()
    .transform((input, context): T => {
      const value = parse(input)
      const refusal = isRefusal(value) ? value : undefined
      if (value !== undefined && refusal === undefined) return value as T
      const params: TextParams = { ...refusal, expected, refused: refusal !== undefined }
      context.addIssue({ code: 'custom', message: refusal?.refused ?? expected, params: { text: params } })
      return z.NEVER
    })
    .meta(json)
}

/** A string that a pattern describes. */
export function pattern(expected: string, expression: RegExp) {
  return text(expected, (input) => (typeof input === 'string' && expression.test(input) ? input : undefined), {
    type: 'string',
    pattern: expression.source,
  })
}
