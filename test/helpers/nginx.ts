import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Child } from './child.ts'
import { freePort } from './port.ts'
import { requireProgram } from './programs.ts'
import { type Scope, tempDir } from './scope.ts'
import { until } from './wait.ts'

export interface NginxOptions {
  /** The value of the X-Edge field in every answer. */
  readonly name: string
  /** Files by path. Equal files have equal strong ETags at every nginx. Default: a 1 KiB file at /1k. */
  readonly files?: Readonly<Record<string, string | Buffer>>
  /** Further directives for the server block. */
  readonly extra?: string
}

export interface Nginx {
  readonly name: string
  readonly port: number
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  /** SIGKILL: what is under way is cut off, and the port refuses connections. Resolves when the process is gone. */
  kill(): Promise<void>
  /** SIGQUIT: what is under way is finished first. */
  stop(): Promise<void>
  /** Starts again on the same port. Resolves when it answers. */
  start(): Promise<void>
  /** SIGSTOP: connections are still accepted by the kernel, and nothing is answered. */
  pause(): void
  /** SIGCONT. */
  resume(): void
  /** The lines of the access log: `METHOD TARGET STATUS host="…" ua="…"`. */
  accessLog(): string[]
}

export const ONE_KIB = 'polycdn\n'.repeat(128)

/** Any fixed time: nginx makes the ETag of modification time and length. */
const MODIFIED = 1_700_000_000

/** A real nginx on loopback: an edge of a CDN, or an origin. GET /healthz answers 200. */
export async function startNginx(scope: Scope, options: NginxOptions): Promise<Nginx> {
  const prefix = tempDir(scope, `nginx-${options.name}`)
  writeFiles(join(prefix, 'www'), options.files ?? { '/1k': ONE_KIB })
  const server = new RunningNginx(prefix, options)
  scope.teardown(() => server.kill())
  await server.startOnAnyPort()
  return server
}

class RunningNginx implements Nginx {
  readonly name: string
  port = 0
  readonly #prefix: string
  readonly #options: NginxOptions
  readonly #identity = randomUUID()
  #child: Child | null = null

  constructor(prefix: string, options: NginxOptions) {
    this.name = options.name
    this.#prefix = prefix
    this.#options = options
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  async startOnAnyPort(): Promise<void> {
    for (let tries = 1; ; tries++) {
      this.port = await freePort()
      try {
        return await this.start()
      } catch (error) {
        await this.kill()
        if (tries === 3) throw error
      }
    }
  }

  async start(): Promise<void> {
    if (this.#child !== null && this.#child.exit === null) throw new Error(`${this.name} runs already`)
    const config = join(this.#prefix, 'nginx.conf')
    writeFileSync(config, configText(this.port, this.#identity, this.#options))
    const child = new Child([requireProgram('nginx'), '-p', `${this.#prefix}/`, '-e', 'stderr', '-c', config])
    this.#child = child
    await until(() => this.#answers(child), { what: () => `nginx ${this.name} to answer: ${child.stderr}` })
  }

  async #answers(child: Child): Promise<boolean> {
    if (child.exit !== null) return Promise.reject(new Error('nginx has ended'))
    const response = await fetch(`${this.url}/.identity`, { headers: { connection: 'close' } })
    return (await response.text()) === this.#identity
  }

  async kill(): Promise<void> {
    await this.#child?.stop('SIGKILL')
  }

  async stop(): Promise<void> {
    await this.#child?.stop('SIGQUIT')
  }

  pause(): void {
    this.#child?.process.kill('SIGSTOP')
  }

  resume(): void {
    this.#child?.process.kill('SIGCONT')
  }

  accessLog(): string[] {
    return readFileSync(join(this.#prefix, 'access.log'), 'utf8').split('\n').filter(Boolean)
  }
}

/** One process (no workers to outlive a SIGKILL), no path outside the prefix, no user switch: runs as anyone. */
function configText(port: number, identity: string, options: NginxOptions): string {
  return `daemon off; master_process off; pid nginx.pid; error_log stderr warn;
events { worker_connections 2048; }
http {
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  log_format seen '$request_method $request_uri $status host="$http_host" ua="$http_user_agent"';
  access_log access.log seen;
  default_type application/octet-stream;
  server {
    listen 127.0.0.1:${port};
    root www;
    add_header X-Edge ${options.name} always;
    add_header X-Seen-Host $http_host always;
    location = /.identity { access_log off; return 200 ${identity}; }
    location = /healthz { access_log off; return 200 ok; }
    ${options.extra ?? ''}
  }
}
`
}

function writeFiles(root: string, files: Readonly<Record<string, string | Buffer>>): void {
  mkdirSync(root, { recursive: true })
  for (const [path, content] of Object.entries(files)) {
    const file = join(root, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
    utimesSync(file, MODIFIED, MODIFIED)
  }
}
