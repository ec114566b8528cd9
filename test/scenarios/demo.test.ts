import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { type Child, startChild, WITHOUT_TAP } from '../helpers/child.ts'
import { ROOT } from '../helpers/gateway.ts'
import { freePort } from '../helpers/port.ts'
import { skipUnless } from '../helpers/programs.ts'
import type { Scope } from '../helpers/scope.ts'
import { until } from '../helpers/wait.ts'

const run = promisify(execFile)
const NAMES = ['PORT', 'ADMIN_PORT', 'EDGE_1', 'EDGE_2', 'EDGE_3', 'IPFS_1', 'IPFS_2', 'ORIGIN'].map(
  (name) => `POLYCDN_${name}`,
)

async function startDemo(scope: Scope): Promise<Child> {
  const ports = await Promise.all(NAMES.map(async (name) => [name, String(await freePort())] as const))
  const env = { ...process.env, ...Object.fromEntries(ports) }
  const command = [...WITHOUT_TAP, process.execPath, join(ROOT, 'bin/polycdn.mjs'), 'demo'] as const
  return startChild(scope, command, { cwd: ROOT, env })
}

/** The commands that the demo prints, as someone would copy them. */
function commands(output: string): string[] {
  return [...output.matchAll(/^\s*(?:\$ )?(curl .*)$/gm)].map(([, command]) => command!.trim())
}

async function shell(command: string): Promise<string> {
  const { stdout, stderr } = await run('/bin/sh', ['-c', command])
  return stdout + stderr
}

t.test('the commands that the demo prints show what it promises', async (t) => {
  if (!skipUnless(t, 'curl')) return
  const demo = await startDemo(t)
  await until(() => commands(demo.stdout).length >= 6 || demo.exit !== null, {
    what: () => `six commands in:\n${demo.stdout}${demo.stderr}`,
    timeout: 20_000,
  })
  t.equal(demo.exit, null, demo.stdout + demo.stderr)
  for (const place of ['frankfurt', 'virginia', 'singapore']) t.match(demo.stdout, `  ${place} `, 'the table of edges')
  const [london, tokyo, kill, metrics, ipfs, lie] = commands(demo.stdout) as [
    string,
    string,
    string,
    string,
    string,
    string,
  ]
  t.match(await shell(london), /frankfurt/i)
  t.match(await shell(tokyo), /singapore/i)
  const next = await shell(kill)
  t.match(next, /virginia/i)
  t.notMatch(await shell(london), /frankfurt/i)
  t.match(await shell(metrics), /^polycdn_failovers_total\{.*from="/m)
  const whole = await shell(ipfs.replace(/ \| tail.*/, ''))
  t.equal(whole.split('\n').length, 10_001, 'the lie in the middle is replaced by the truth')
  for (const [index, line] of whole.trimEnd().split('\n').entries()) {
    if (!line.startsWith(`line ${index + 1} of 10000, and every byte`)) t.fail(`${index + 1}: ${line}`)
  }
  t.equal(await shell(ipfs), 'line 10000 of 10000, and every byte of it is proved\n')
  const numbers = await shell(lie)
  t.match(numbers, /^polycdn_attempts_total\{cdn="planet",outcome="corrupt"\} 1$/m)
  t.match(numbers, /^polycdn_endpoint_ejections_total\{cdn="planet",endpoint="[^"]*"\} 1$/m)
  const page = await shell(ipfs.replace(/lines\.txt.*/, ''))
  t.match(page, '<h1>Every byte of this page was proved</h1>')
  t.match(demo.stdout, /"outcome":"corrupt","code":"content_corrupt"/, 'the log says who lied')
  // The first one comes within a second by chance, and later on a busy machine.
  const checksOf = async (cdn: string) => {
    const text = await shell(lie.replace(/ \| grep.*/, ' | grep health_checks_total'))
    return text
      .split('\n')
      .filter((line) => line.includes(`cdn="${cdn}"`))
      .join('\n')
  }
  const checks = await until(async () => /[1-9]$/m.test(await checksOf('planet')) && (await checksOf('planet')), {
    what: 'a check of the gateway that lies',
    timeout: 60_000,
  })
  t.match(checks, /result="passed"\} [1-9]/, 'a gateway that lies answers its probe')
  t.notMatch(checks, /cdn="planet",endpoint="[^"]*",result="failed"/)
  const exit = await demo.stop('SIGTERM')
  t.equal(exit.code, 0, exit.stdout + exit.stderr)
})
