/** Content codings that we can make: RFC 7932, RFC 1952, RFC 8878. */
export const ENCODINGS = ['br', 'gzip', 'zstd'] as const
export type Encoding = (typeof ENCODINGS)[number]
