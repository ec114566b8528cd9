/** JSON for a terminal: it lets DEL and the C1 controls through, which some obey. */
export function printableJson(value: unknown): string {
  const escaped = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  return JSON.stringify(value, null, 2).replace(/[\x7f-\x9f]/g, escaped)
}
