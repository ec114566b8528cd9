import { ask, type RequestCase, received } from './request-case.ts'

/** Header fields, connections, expectations and upgrades: RFC 9112 sections 5 and 9, RFC 9110 sections 5, 7 and 10. */
const get = (...fields: readonly string[]) => ask('GET /', fields)
const post = (fields: readonly string[], content = 'hello') => ask('POST /', ['Content-Length: 5', ...fields], content)
const with_ = (...fields: readonly string[]) => [received('GET /', { fields })]
const ROOT = with_()
const HELLO = received('POST /', { content: 'hello' })

const SYNTAX: readonly RequestCase[] = [
  ['9112 5', 'a field', get('X: y'), '200', with_('X: y')],
  ['9110 5.5', 'an empty value', get('X:'), '200', with_('X: ')],
  ['9110 5.5', 'obs-text passes as it is', get('X: caf\xe9 \xff'), '200', with_('X: caf\xe9 \xff')],
  ['9110 5.1', 'every character of a token', get("X!#$%&'*+-.^_`|~1: y"), '200', with_("X!#$%&'*+-.^_`|~1: y")],
  ['9112 5.1', 'a space before the colon', get('X : y'), '400'],
  ['9112 5.1', 'a tab before the colon', get('X\t: y'), '400'],
  ['9112 5.1', 'a space in the name', get('X Y: z'), '400'],
  ['9112 5', 'no name', get(': y'), '400'],
  ['9112 5', 'no colon', get('XYZ'), '400'],
  ['9112 5.2', 'obs-fold', get('X: a', ' b'), '400'],
  ['9112 5.2', 'obs-fold with a tab', get('X: a', '\tb'), '400'],
  ['9112 5.2', 'obs-fold hides a field', get('X: a', ' Host: b'), '400'],
  ['9112 5.2', 'a line of white space at the end', get('X: a', ' '), '400'],
  ['9112 2.2', 'bare LF between fields', get('X: a\nY: b'), '400'],
  ['9112 2.2', 'bare LF before the end', 'GET / HTTP/1.1\r\nHost: a\r\n\n', '400'],
  ['9110 5.5', 'bare CR between fields', get('X: a\rY: b'), '400'],
  ['9110 5.5', 'bare CR at the end of a value', get('X: a\r'), '400'],
  ['9110 5.5', 'NUL in a value', get('X: a\0b'), '400'],
  ['9110 5.5', 'control characters in a value', get('X: a\x07\x08\x0b'), '400'],
  ['9110 5.5', 'DEL in a value', get('X: a\x7f'), '400'],
  ['9110 5.1', 'NUL in a name', get('X\0: a'), '400'],
  ['9110 5.1', 'a control character in a name', get('X\x01: a'), '400'],
  ['9110 5.1', 'a high byte in a name', get('X\xe9: a'), '400'],
  ['9110 5.1', 'a separator in a name', get('X[Y]: a'), '400'],
  ['9110 5.1', 'quotes in a name', get('"X": a'), '400'],
  ['9110 15.5', 'a large value', get(`X: ${'a'.repeat(9_000)}`), '431'],
  ['9110 15.5', 'a large name', get(`${'X'.repeat(9_000)}: a`), '431'],
  ['9110 15.5', 'fields without an end', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(9_000)}`, '431'],
  [
    '6585 5',
    'as many fields as may be',
    get(...Array<string>(19).fill('X: y')),
    '200',
    with_(...Array<string>(19).fill('X: y')),
  ],
  ['6585 5', 'one too many', get(...Array<string>(20).fill('X: y')), '431'],
]

const SINGLE: readonly RequestCase[] = [
  ['9110 5.3', 'lists may come twice', get('Accept: a/b', 'Accept: c/d'), '200', with_('Accept: a/b', 'Accept: c/d')],
  ['9110 5.3', 'Authorization twice', get('Authorization: Basic eDp5', 'authorization: Basic eDp6'), '400'],
  ['9110 5.3', 'Content-Type twice', post(['Content-Type: text/plain', 'Content-Type: text/html']), '400'],
  ['9110 14.2', 'Range twice', get('Range: bytes=0-0', 'Range: bytes=1-1'), '400'],
  ['9110 13.1.5', 'If-Range twice', get('If-Range: "a"', 'If-Range: "b"'), '400'],
  [
    '9110 14.2',
    'a malformed Range is for the upstream',
    get('Range: bytes=abc-xyz'),
    '200',
    with_('Range: bytes=abc-xyz'),
  ],
]

/** What belongs to one connection, and what a client may not say of itself. */
const HOPS: readonly RequestCase[] = [
  [
    '9110 7.6.1',
    'what Connection names stays here',
    get('Connection: X-A, x-b', 'X-A: 1', 'X-B: 2', 'X-C: 3'),
    '200',
    with_('X-C: 3'),
  ],
  [
    '9110 7.6.1',
    'what belongs to a hop stays here',
    get('Keep-Alive: timeout=5', 'TE: trailers', 'Trailer: X', 'Proxy-Connection: x'),
    '200',
    ROOT,
  ],
  ['9110 11.7.2', 'Proxy-Authorization stays here', get('Proxy-Authorization: Basic eDp5'), '200', ROOT],
  ['hop-by-hop abuse', 'Connection drops Host', get('Connection: close, Host'), '400'],
  [
    'hop-by-hop abuse',
    'Connection drops Authorization',
    get('Connection: close, Authorization', 'Authorization: x'),
    '400',
  ],
  ['hop-by-hop abuse', 'Connection drops Cookie', get('Connection: cookie', 'Cookie: a=b'), '400'],
  ['hop-by-hop abuse', 'Connection drops Content-Length', post(['Connection: Content-Length']), '400'],
  [
    'CVE-2022-31813',
    'Connection cannot drop Via',
    get('Connection: Via, CDN-Loop', 'Via: 1.1 x'),
    '200',
    [received('GET /').replace('via: ', 'via: 1.1 x, ')],
  ],
  [
    '7239 8.1',
    'a client speaks for no proxy',
    get('Forwarded: for=1.1.1.1', 'X-Forwarded-For: 1.1.1.1', 'X-Forwarded-Host: b', 'X-Real-IP: 1.1.1.1'),
    '200',
    ROOT,
  ],
  [
    'CGI names',
    'nor with underscores',
    get('X_Forwarded_For: 1.1.1.1', 'X_Real_IP: 1.1.1.1', 'X.Forwarded.Host: b'),
    '200',
    ROOT,
  ],
  ['8586 2', 'a loop', get('CDN-Loop: other, polycdn-test'), '508'],
  ['9110 9.3.1', 'GET with content', ask('GET /', ['Content-Length: 5'], 'hello'), '400'],
  ['9110 9.3.1', 'GET with a request as content', ask('GET /', ['Content-Length: 38'], ask('GET /smuggled')), '400'],
  ['9110 9.3.1', 'GET with chunks', ask('GET /', ['Transfer-Encoding: chunked'], '5\r\nhello\r\n0\r\n\r\n'), '400'],
  ['9110 9.3.2', 'HEAD with content', ask('HEAD /', ['Content-Length: 5'], 'hello'), '400'],
  [
    '9110 9.3.7',
    'OPTIONS with content',
    ask('OPTIONS /', ['Content-Length: 5'], 'hello'),
    '200',
    [received('OPTIONS /', { content: 'hello' })],
  ],
]

const EXPECTATIONS: readonly RequestCase[] = [
  ['9110 10.1.1', 'no 100 where the content has come', post(['Expect: 100-continue']), '200', [HELLO]],
  ['9110 10.1.1', 'it has no case', post(['Expect: 100-Continue']), '200', [HELLO]],
  ['9110 10.1.1', 'no 100 without content', get('Expect: 100-continue'), '200', ROOT],
  ['9110 10.1.1', 'no 100 before a refusal', ask('POST /', ['Expect: 100-continue', 'Content-Length: 1001']), '413'],
  [
    '9110 10.1.1',
    'not for HTTP/1.0',
    'POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello',
    '200',
    [received('POST /', { content: 'hello', version: '1.0' })],
  ],
  ['9110 10.1.1', 'another expectation', get('Expect: 200-ok'), '417'],
  ['9110 10.1.1', 'a list', post(['Expect: 100-continue, x']), '417'],
  ['9110 10.1.1', 'an odd spelling', post(['Expect: 100-continue;a']), '417'],
  ['9110 5.3', 'two lines', post(['Expect: 100-continue', 'Expect: 100-continue']), '400 or 417'],
  ['9110 10.1.1', 'an empty one', get('Expect:'), '417'],
]

const upgrade = (...fields: readonly string[]) => get('Connection: Upgrade', ...fields)

const UPGRADES: readonly RequestCase[] = [
  ['9113 3.1', 'h2c is ignored', upgrade('Upgrade: h2c'), '200', ROOT],
  [
    'h2c smuggling',
    'h2c with its settings',
    get('Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA'),
    '200',
    ROOT,
  ],
  [
    'h2c smuggling',
    'settings that Connection does not name',
    upgrade('Upgrade: h2c', 'HTTP2-Settings: AAMAAABk'),
    '200',
    ROOT,
  ],
  ['h2c smuggling', 'h2c in a list of unknown ones', upgrade('Upgrade: h2, h2c, HTTP/2.0, TLS/1.0'), '200', ROOT],
  ['9110 7.8', 'Upgrade that Connection does not name', get('Upgrade: websocket'), '200', ROOT],
  ['9110 7.8', 'an upgrade without a protocol', upgrade(), '200', ROOT],
  [
    '9110 7.8',
    'not in HTTP/1.0',
    'GET / HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    '200',
    [received('GET /', { version: '1.0' })],
  ],
  ['6455 4.1', 'a WebSocket with POST', ask('POST /', ['Connection: Upgrade', 'Upgrade: websocket']), '400'],
  [
    'websocket smuggling',
    'with content it is no upgrade',
    ask('POST /', ['Connection: Upgrade', 'Upgrade: websocket', 'Content-Length: 5'], 'hello'),
    '200',
    [HELLO],
  ],
  [
    'hop-by-hop abuse',
    'an upgrade that drops Authorization',
    get('Connection: Upgrade, Authorization', 'Upgrade: websocket', 'Authorization: x'),
    '400',
  ],
]

const b = ask('GET /b')

const PIPELINES: readonly RequestCase[] = [
  ['9112 9.3.2', 'two requests', get() + b, '200 200', [received('GET /'), received('GET /b')]],
  ['9112 9.3.2', 'an empty line between', `${get()}\r\n${b}`, '200 200', [received('GET /'), received('GET /b')]],
  ['9112 9.3.2', 'rubbish behind a request', `${get()}rubbish\r\n\r\n`, '200 400', ROOT],
  [
    '9112 9.3.2',
    'two requests and another version',
    `${get()}${b}GET / HTTP/9.9\r\n\r\n`,
    '200 200 505',
    [received('GET /'), received('GET /b')],
  ],
  ['9112 9.3.2', 'a request that is refused behind a good one', get() + ask('GET /a%00'), '200 400', ROOT],
  ['9112 9.3.2', 'a good one behind a refused one', ask('GET /a%00') + b, '400 200', [received('GET /b')]],
  [
    '9112 9.3.2',
    'two framings behind a request',
    get() + post(['Transfer-Encoding: chunked'], '0\r\n\r\n'),
    '200 400',
    ROOT,
  ],
  [
    '9112 9.6',
    'what comes behind an answer that closes',
    get('Expect: 100-continue') + ask('GET /smuggled'),
    '200',
    ROOT,
  ],
  [
    'hop-by-hop abuse',
    'Connection drops Transfer-Encoding, which is written anew',
    ask('POST /', ['Connection: transfer-encoding', 'Transfer-Encoding: chunked'], '5\r\nhello\r\n0\r\n\r\n'),
    '200',
    [received('POST /', { framing: 'transfer-encoding: chunked', content: '5\r\nhello\r\n0\r\n\r\n' })],
  ],
  ['9112 9.6', 'what comes behind close', get('Connection: close') + ask('GET /smuggled'), '200', ROOT],
  [
    '9112 9.3',
    'what comes behind HTTP/1.0',
    `GET / HTTP/1.0\r\nHost: a\r\n\r\n${ask('GET /smuggled')}`,
    '200',
    [received('GET /', { version: '1.0' })],
  ],
  [
    '9112 9.2',
    'content that was refused is no request',
    ask('POST /', ['Content-Length: 1001'], ask('GET /smuggled').repeat(3)),
    '413',
  ],
]

export const FIELD_CASES: readonly RequestCase[] = [
  ...SYNTAX,
  ...SINGLE,
  ...HOPS,
  ...EXPECTATIONS,
  ...UPGRADES,
  ...PIPELINES,
]
