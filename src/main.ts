import { readFileSync } from 'node:fs'
import closeWithGrace from 'close-with-grace'
import { demo } from './commands/demo.ts'
import { explainCommand } from './commands/explain.ts'
import { reportFailure } from './commands/failure.ts'
import { schema } from './commands/schema.ts'
import { serve } from './commands/serve.ts'
import type { Command, Shell } from './commands/shell.ts'
import { validate } from './commands/validate.ts'

const COMMANDS: Readonly<Record<string, Command>> = { serve, validate, explain: explainCommand, schema, demo }

const USAGE = `polycdn: makes many CDNs act as one

  polycdn serve --config FILE       run the gateway
  polycdn validate --config FILE    say what is wrong with a configuration
  polycdn explain --config FILE --ip ADDRESS --host NAME [--path /] [--method GET]
                  [--header 'name: value'] [--json] [--offline]
                                    say which CDN a visitor gets, and why
  polycdn schema                    print the JSON Schema of the configuration
  polycdn demo                      run the gateway in front of three edges of its own
  polycdn --version`

/** Longer than the gateway's own drain. Milliseconds. */
const CLOSE_WITHIN = 40_000

const packageFile = new URL('../package.json', import.meta.url)
const version: string = JSON.parse(readFileSync(packageFile, 'utf8')).version
const closers: (() => Promise<void>)[] = []
let onHangup = () => {}

const shell: Shell = {
  env: process.env,
  version,
  nodeVersion: process.versions.node,
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
  onClose: (close) => closers.push(close),
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
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (command === undefined) {
    shell.err(`polycdn: there is no command ${JSON.stringify(name)}\n\n${USAGE}`)
    process.exitCode = 2
    return
  }
  // SIGHUP reloads, and a command that has run to its end keeps its exit code.
  closeWithGrace({ delay: CLOSE_WITHIN, logger: false, skip: ['SIGHUP', 'beforeExit'] }, async ({ err }) => {
    if (err) shell.err(`polycdn: internal error: ${err.stack}`)
    for (const close of closers) await close()
  })
  try {
    const code = await command(args, shell)
    if (code !== null) process.exitCode = code
  } catch (error) {
    process.exitCode = reportFailure(error, shell)
  }
}

await main(process.argv.slice(2))
