import { openSync } from 'node:fs'
import { reportFailure } from '../../src/commands/failure.ts'
import type { Command } from '../../src/commands/shell.ts'
import type { Exit } from './child.ts'
import { fakeShell } from './fake-shell.ts'

export interface Ended extends Pick<Exit, 'stdout' | 'stderr'> {
  /** null: it goes on. */
  readonly code: number | null
}

/** Runs a command as main.ts does, in this process: for tests that are about what it says, and not about the process. */
export async function commandHere(command: Command, args: readonly string[]): Promise<Ended> {
  const { shell, out, err } = fakeShell({ stdout: openSync('/dev/null', 'w') })
  const code = await command([...args], shell).catch((error) => reportFailure(error, shell))
  return { code, stdout: out.join('\n'), stderr: err.join('\n') }
}
