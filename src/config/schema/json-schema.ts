import * as z from 'zod'
import { configSchema } from './index.ts'

/** A place where a variable may stand instead of a value. */
const VARIABLE = '\\$\\{'

/** The JSON Schema (draft 2020-12) of what may be written in the file: editors complete and check with it. */
export function configJsonSchema(): object {
  const schema = z.toJSONSchema(configSchema, {
    io: 'input',
    target: 'draft-2020-12',
    unrepresentable: 'any',
    override: ({ jsonSchema }) => allowVariable(jsonSchema),
  })
  return { ...schema, title: 'polycdn configuration, version 1' }
}

/** Numbers, switches and fixed words may come from the environment: in the file they are text then. */
function allowVariable(schema: z.core.JSONSchema.BaseSchema): void {
  const { type } = schema
  if (schema.enum !== undefined || schema.const !== undefined) {
    const fixed = schema.enum === undefined ? { const: schema.const } : { enum: schema.enum }
    delete schema.enum
    delete schema.const
    delete schema.type
    schema.anyOf = [fixed as never, { type: 'string', pattern: VARIABLE }]
  } else if (type === 'number' || type === 'integer' || type === 'boolean') {
    Object.assign(schema, { type: [type, 'string'], pattern: VARIABLE })
  }
}
