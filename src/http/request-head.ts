import type { IncomingMessage } from 'node:http'

/** The head of a request, whoever parsed it. */
export type RequestHead = Pick<
  IncomingMessage,
  'method' | 'url' | 'complete' | 'httpVersion' | 'httpVersionMajor' | 'rawHeaders' | 'headers' | 'socket'
>
