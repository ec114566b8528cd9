import { build } from './manifest/build.ts'
import { keygen } from './manifest/keygen.ts'
import { show } from './manifest/show.ts'
import { verify } from './manifest/verify.ts'
import type { Command } from './shell.ts'

const COMMANDS: Readonly<Record<string, Command>> = { keygen, build, verify, show }

/** `polycdn manifest`: makes, verifies and shows signed site manifests. */
export const manifest: Command = async ([name = '', ...args], shell) => {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command !== undefined) return command(args, shell)
  shell.err('polycdn: manifest needs keygen, build, verify or show')
  return 2
}
