import { ask } from './request-case.ts'

/** What was once answered wrongly, kept for the fuzz to start from. The newest comes last. */
export const FINDINGS: readonly string[] = [
  // Its answer was lost with what came behind `close`.
  ask('GET /', ['Connection: close']) + ask('GET /b'),
  // The answers before rubbish were lost.
  `${ask('GET /')}${ask('GET /b')}\x16\x03\x01\r\n\r\n`,
  // 505 for what is not HTTP, 501 for what is no method.
  'GET / HTTP/1.1\nHost: a\r\n\r\n',
  `${'M'.repeat(40)} / HTTP/1.1\r\nHost: a\r\n\r\n`,
  // An address that is none matched the site of `*`.
  ask('GET /', [], '', '[:::::]'),
  // One path for routes and another one for an upstream that decodes first.
  ask('GET /static/..%2fadmin'),
  // A second Content-Length for applications that read `_` as `-`.
  ask('POST /', ['Content_Length: 99', 'Content-Length: 5'], 'hello'),
  // The connection ended without an answer.
  ask('POST /', ['Transfer-Encoding: chunked'], '5;\n\r\nhello\r\n0\r\n\r\n'),
]
