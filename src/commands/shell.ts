import type { Memory } from '../observe/pressure.ts'

/** What a command sees of the process around it. Only main.ts knows the real one. */
export interface Shell {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly version: string
  readonly nodeVersion: string
  readonly memory: Memory
  /** The file of our own program. */
  readonly program: string
  /** The file descriptor of standard output, for what is written there without waiting. */
  readonly stdout: number
  /** Writes a line to standard output. */
  out(line: string): void
  /** Writes a line to standard error. */
  err(line: string): void
  /** Writes to standard error as it is, for what is drawn over later. Only where that is a terminal. */
  readonly terminal?: (text: string) => void
  /** Runs before the process ends, whatever asks it to. `handover`: SIGUSR2, another process serves already. */
  onClose(close: (handover: boolean) => Promise<void>): void
  /** Ends the process as a signal would; `now`: without waiting for anything. */
  stop(now: boolean): void
  /** SIGHUP. */
  onHangup(reload: () => void): void
}

/** 1: something went wrong. 2: the configuration or the command line is wrong. */
export type ExitCode = 0 | 1 | 2

/** A command runs to its end with an exit code; null: it goes on until the process is told to stop. */
export type Command = (args: string[], shell: Shell) => Promise<ExitCode | null>
