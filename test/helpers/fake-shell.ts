import type { Shell } from '../../src/commands/shell.ts'

export interface FakeShell {
  readonly shell: Shell
  readonly out: string[]
  readonly err: string[]
}

/** A Shell that keeps what a command says. */
export function fakeShell(over: Partial<Shell> = {}): FakeShell {
  const out: string[] = []
  const err: string[] = []
  const shell: Shell = {
    env: {},
    memory: { used: () => 0, limit: 0 },
    version: '0',
    program: '',
    nodeVersion: '0',
    stdout: 1,
    stop: () => {},
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    onClose: () => {},
    onHangup: () => {},
    ...over,
  }
  return { shell, out, err }
}
