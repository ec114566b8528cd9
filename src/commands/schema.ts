import { parseArgs } from 'node:util'
import { configJsonSchema } from '../config/schema/json-schema.ts'
import type { Command } from './shell.ts'

/** `polycdn schema`: prints the JSON Schema of the configuration. */
export const schema: Command = async (args, shell) => {
  parseArgs({ args, options: {} })
  shell.out(renderSchema())
  return 0
}

export function renderSchema(): string {
  return JSON.stringify(configJsonSchema(), null, 2)
}
