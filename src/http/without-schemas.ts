/**
 * For fastify: no route of ours has a schema. Its own compilers (ajv and two others) would be a hundred modules that each
 * process loads when it starts, for nothing.
 */
export const WITHOUT_SCHEMAS = {
  schemaController: { compilersFactory: { buildValidator: refuse, buildSerializer: refuse } },
} as const

/** Called for a route with a schema only. */
function refuse(): never {
  throw new TypeError('routes have no schemas here: see WITHOUT_SCHEMAS')
}
