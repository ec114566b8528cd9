import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import closeWithGrace from 'close-with-grace'
import { keepCompiled } from './commands/compile-cache.ts'
import { reportFailure } from './commands/failure.ts'
import { printable } from './commands/printable.ts'
import type { Command, Shell } from './commands/shell.ts'

/** Each is loaded when it is asked for: a worker that replaces another begins sooner without the rest. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  serve: async () => (await import('./commands/serve.ts')).serve,
  validate: async () => (await import('./commands/validate.ts')).validate,
  explain: async () => (await import('./commands/explain.ts')).explainCommand,
  test: async () => (await import('./commands/test.ts')).test,
  simulate: async () => (await import('./commands/simulate.ts')).simulate,
  diff: async () => (await import('./commands/diff.ts')).diff,
  check: async () => (await import('./commands/check.ts')).check,
  costs: async () => (await import('./commands/costs.ts')).costs,
  drain: async () => (await import('./commands/drain.ts')).drain,
  purge: async () => (await import('./commands/purge.ts')).purge,
  manifest: async () => (await import('./commands/manifest.ts')).manifest,
  schema: async () => (await import('./commands/schema.ts')).schema,
  demo: async () => (await import('./commands/demo.ts')).demo,
  work: async () => (await import('./commands/work.ts')).work,
}

const USAGE = `polycdn: makes many CDNs act as one

  polycdn serve --config FILE [--beside]
                                    run the gateway; --beside: take over from one that runs
  polycdn validate --config FILE    say what is wrong with a configuration
  polycdn explain --config FILE --ip ADDRESS --host NAME [--path /] [--method GET]
                  [--header 'name: value'] [--given unhealthy=CDN,…] [--json] [--offline]
                                    say which CDN a visitor gets, and why; --given: what if
  polycdn test --config FILE [--json]
                                    run the tests of a configuration
  polycdn simulate --config FILE [--against FILE] [--given unhealthy=CDN,…] [--host NAME] [--seed N] [--json] LOG...
                                    replay access logs, ours or combined with a host: what would have been; - is stdin
  polycdn diff OLD NEW [--path /] [--host NAME] [--exit-code] [--json]
                                    name the countries whose CDN changes between two configurations
  polycdn check --config FILE [--ip ADDRESS] [--header 'name: value'] [--max-bytes 16MiB] [--timeout 120s]
                [--json] URL...
                                    ask every CDN and the origin for the same: what differs, where bodies can resume
  polycdn drain NAME --config FILE [--off]
                                    send nothing new to a CDN of the running gateway, and again
  polycdn purge --config FILE --site NAME [--url URL]... [--prefix URL]... [--tag TAG]... [--all] [--soft]
                [--wait 30] [--json]
                                    have the running gateway and the CDNs behind it forget what they store of a site
  polycdn costs --config FILE [--json] [--offline]
                                    say what each CDN costs this month, so far and in the end
  polycdn manifest keygen --out FILE
  polycdn manifest build DIR --key FILE --out FILE [--site NAME] [--sequence N] [--expires 365d] [--refs FILE]
                         [--exclude /drafts/*] [--index index.html] [--charset utf-8]
  polycdn manifest verify DIR|URL --manifest FILE|URL [--public-key ed25519:…] [--concurrency 8] [--json]
  polycdn manifest show FILE|URL [PATH] [--public-key ed25519:…] [--json]
                                    sign what a site consists of, so that bytes of any CDN can be verified
  polycdn schema                    print the JSON Schema of the configuration
  polycdn demo                      run the gateway in front of three edges of its own
  polycdn --version`

/** Longer than the longest `shutdown` of a configuration. Milliseconds. */
const CLOSE_WITHIN = 380_000

const packageFile = new URL('../package.json', import.meta.url)
const version: string = JSON.parse(readFileSync(packageFile, 'utf8')).version
const closers: ((handover: boolean) => Promise<void>)[] = []
let close = () => {}
let onHangup = () => {}

const shell: Shell = {
  env: process.env,
  version,
  nodeVersion: process.versions.node,
  // 0 or more than any machine has: there is no limit.
  memory: { used: () => process.memoryUsage.rss(), limit: process.constrainedMemory() },
  program: fileURLToPath(import.meta.url),
  stdout: 1,
  out: (line) => process.stdout.write(`${printable(line)}\n`),
  err: (line) => process.stderr.write(`${printable(line)}\n`),
  ...(process.stderr.isTTY ? { terminal: (text: string) => void process.stderr.write(text) } : {}),
  onClose: (close) => closers.push(close),
  stop: (now) => (now ? process.exit(1) : close()),
  onHangup: (reload) => {
    onHangup = reload
  },
}

// From the first moment: its default would end a gateway that is still reading its configuration.
process.on('SIGHUP', () => onHangup())

// A reader that went away (`polycdn schema | head`) is no reason to fail.
process.stdout.on('error', () => {})
process.stderr.on('error', () => {})

async function main([name, ...args]: string[]): Promise<void> {
  if (name === '--version' || name === '-v') return shell.out(version)
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') return shell.out(USAGE)
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (load === undefined) {
    shell.err(`polycdn: there is no command ${JSON.stringify(name)}\n\n${USAGE}`)
    process.exitCode = 2
    return
  }
  endGracefully(name === 'work')
  try {
    const command = await load()
    const code = await command(args, shell)
    if (code !== null) process.exitCode = code
  } catch (error) {
    process.exitCode = reportFailure(error, shell)
  }
}

/** A worker leaves what a terminal sends to all processes to the one above it, which tells it what to do. */
function endGracefully(worker: boolean): void {
  const forOthers = worker ? (['SIGHUP', 'SIGINT', 'SIGUSR2'] as const) : (['SIGHUP'] as const)
  if (worker) for (const signal of forOthers) process.on(signal, () => {})
  // SIGHUP reloads, and a command that has run to its end keeps its exit code.
  const skip = [...forOthers, 'beforeExit' as const]
  const grace = closeWithGrace({ delay: CLOSE_WITHIN, logger: false, skip }, async ({ err, signal }) => {
    if (err) shell.err(`polycdn: internal error: ${err.stack}`)
    for (const end of closers) await end(signal === 'SIGUSR2')
  })
  close = grace.close
}

// Not on Windows, which has other rights.
if (process.getuid && process.getgid) keepCompiled(process.env, { uid: process.getuid(), gid: process.getgid() })
await main(process.argv.slice(2))
