import type * as z from 'zod'

export const NOT_YET = 'not supported yet'

/**
 * A part of the language that is not built yet. Its shape is known and checked, its off values are accepted, anything
 * else is refused. Building the part means removing this wrapper. A map is off when the keys of the off value are.
 */
export function notYet<Schema extends z.ZodType>(schema: Schema, ...off: readonly unknown[]): Schema {
  const values = off.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join(' or ')
  const advice = off.length === 0 ? 'leave it out' : `it can only be ${values}`
  const about = schema.description === undefined ? '' : `${schema.description} `
  return schema
    .superRefine((value, context) => {
      if (off.some((accepted) => covers(accepted, value))) return
      context.addIssue({ code: 'custom', message: `${NOT_YET}; ${advice}` })
    })
    .describe(`${about}Not supported yet: ${advice}.`)
}

function covers(accepted: unknown, value: unknown): boolean {
  if (Array.isArray(accepted)) {
    return (
      Array.isArray(value) &&
      value.length === accepted.length &&
      accepted.every((item, index) => covers(item, value[index]))
    )
  }
  if (typeof accepted !== 'object' || accepted === null) return Object.is(accepted, value)
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(accepted).every(([key, item]) => covers(item, (value as Record<string, unknown>)[key]))
}
