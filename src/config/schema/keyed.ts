import * as z from 'zod'

/**
 * A map with these keys and no others. The message of an unknown key carries the known names, separated by spaces, for
 * `explain` to find the nearest one.
 */
export function keyed<Shape extends z.core.$ZodLooseShape>(shape: Shape) {
  const names = Object.keys(shape).join(' ')
  return z.strictObject(shape, { error: ({ code }) => (code === 'unrecognized_keys' ? names : undefined) })
}
