/**
 * One row of the tables: a clause or an advisory, what is odd, what a client sends, what it gets, what the upstream gets.
 *
 * `gets`: the statuses in order, with interim ones, or `close` where the connection ends without a word. `reaches`: the
 * requests that arrive at the upstream, byte for byte; none where it is left out. `leaves`: the client ends its side.
 */
export type RequestCase = readonly [
  by: string,
  what: string,
  sends: string,
  gets: string,
  reaches?: readonly string[],
  leaves?: 'leaves',
]

/** A request head to a Host `a`, with more field lines, and content. */
export function ask(line: string, fields: readonly string[] = [], content = '', host = 'a'): string {
  return `${[`${line} HTTP/1.1`, `Host: ${host}`, ...fields].join('\r\n')}\r\n\r\n${content}`
}

/** A POST whose content is these chunks, as they are. */
export function chunked(content: string): string {
  return ask('POST /', ['Transfer-Encoding: chunked'], content)
}

interface Received {
  readonly host?: string
  /** Field lines as they pass through. */
  readonly fields?: readonly string[]
  /** The last ones: framing. */
  readonly framing?: string
  readonly content?: string
  readonly version?: '1.0' | '1.1'
}

/** A request as the gateway writes it. */
export function received(line: string, of: Received = {}): string {
  const { host = 'a', fields = [], content = '', version = '1.1' } = of
  const bodiless = /^(?:GET|HEAD|DELETE) /.test(line)
  const framing = of.framing ?? (bodiless ? null : `content-length: ${content.length}`)
  const lines = [
    `${line} HTTP/1.1`,
    `host: ${host}`,
    `connection: ${line.startsWith('HEAD ') ? 'close' : 'keep-alive'}`,
    ...fields,
    `via: ${version} polycdn`,
    'cdn-loop: polycdn-test',
  ]
  return `${[...lines, ...(framing === null ? [] : [framing])].join('\r\n')}\r\n\r\n${content}`
}
