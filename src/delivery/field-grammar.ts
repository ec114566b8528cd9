const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/

/** Whether a header field can be written as it is, in latin1 (RFC 9110 sections 5.1 and 5.5). */
export function isField(name: string, value: string): boolean {
  return NAME.test(name) && VALUE.test(value)
}
