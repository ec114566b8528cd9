import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Child, startChild } from './child.ts'
import { requireProgram } from './programs.ts'
import { type Scope, tempDir } from './scope.ts'

export interface WrkOptions {
  readonly url: string
  /** Seconds, at least 1. */
  readonly duration: number
  readonly connections?: number
  readonly threads?: number
  /** Milliseconds between an answer and the next request of its connection; default 0: all that can be had. */
  readonly pause?: number
  readonly headers?: Readonly<Record<string, string>>
}

export interface WrkResult {
  readonly requests: number
  /** Answers by status. */
  readonly statuses: Readonly<Record<string, number>>
  /** Answers that are not 2xx. */
  readonly failed: number
  readonly connect: number
  readonly read: number
  readonly write: number
  readonly timeout: number
  /** All failures of sockets together. */
  readonly socketErrors: number
  /** What wrk printed. */
  readonly output: string
}

/** Counts each answer by its status in its own thread; `done` adds them up and prints one line of JSON. */
const SCRIPT = `
local threads = {}
statuses = ""
local seen = {}
function setup(thread) table.insert(threads, thread) end
function response(status)
  seen[status] = (seen[status] or 0) + 1
  if seen[status] == 1 then statuses = statuses .. status .. " " end
  _G["n" .. status] = seen[status]
end
function done(summary)
  local total = {}
  for _, thread in ipairs(threads) do
    for status in thread:get("statuses"):gmatch("%d+") do
      total[status] = (total[status] or 0) + thread:get("n" .. status)
    end
  end
  local parts = {}
  for status, count in pairs(total) do table.insert(parts, string.format('"%s":%d', status, count)) end
  local e = summary.errors
  io.write(string.format('RESULT {"requests":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d,"statuses":{%s}}\\n',
    summary.requests, e.connect, e.read, e.write, e.timeout, table.concat(parts, ",")))
end
`

export interface WrkRun {
  readonly child: Child
  /** Resolves when the load has ended. */
  result(): Promise<WrkResult>
}

/** Starts the load generator wrk; 64 keep-alive connections unless said. */
export function startWrk(scope: Scope, options: WrkOptions): WrkRun {
  const script = join(tempDir(scope, 'wrk'), 'count.lua')
  const { url, duration, connections = 64, threads = 2, pause = 0, headers = {} } = options
  writeFileSync(script, pause === 0 ? SCRIPT : `${SCRIPT}function delay() return ${pause} end\n`)
  const fields = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`])
  const numbers = ['-c', String(connections), '-t', String(threads), '-d', `${duration}s`, '--timeout', '10s']
  const child = startChild(scope, [requireProgram('wrk'), ...numbers, ...fields, '-s', script, url])
  return { child, result: async () => parseResult((await child.exited((duration + 30) * 1000)).stdout + child.stderr) }
}

function parseResult(output: string): WrkResult {
  const line = /^RESULT (.*)$/m.exec(output)?.[1]
  if (line === undefined) throw new Error(`wrk gave no result:\n${output}`)
  const counts = JSON.parse(line) as Omit<WrkResult, 'failed' | 'socketErrors' | 'output'>
  const failed = Object.entries(counts.statuses).reduce((sum, [code, n]) => sum + (code.startsWith('2') ? 0 : n), 0)
  const { connect, read, write, timeout } = counts
  return { ...counts, failed, socketErrors: connect + read + write + timeout, output }
}
